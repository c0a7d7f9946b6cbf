# Arbeiten, Mitteilungen in Worten und ihre Gründe. Titel gehen an das Display des Autos: höchstens 64 Byte; Texte höchstens 200.
item-1 = Motoröl
item-2 = Bremsflüssigkeit
item-3 = Reifenprüfung
item-4 = Inspektion
item-5 = 12-V-Batterie
item-6 = Motorluftfilter
item-7 = Innenraumfilter
item-8 = Zündkerzen
item-9 = Kühlmittel
item-10 = Getriebeöl
item-11 = Bremsbeläge
item-12 = Antriebsbatterie
item-13 = Partikelfilter
item-14 = Kraftstofffilter
item-15 = Zahnriemen
item-16 = Winterräder
item-17 = Klimaanlage
item-18 = Reduktionsgetriebeöl
item-0 = Andere Arbeit
item-other = Arbeit { $id }

# Innerhalb eines Satzes.
item-1-inline = Motoröl
item-2-inline = Bremsflüssigkeit
item-3-inline = Reifenprüfung
item-4-inline = Inspektion
item-5-inline = Prüfung der 12-V-Batterie
item-6-inline = Motorluftfilter
item-7-inline = Innenraumfilter
item-8-inline = Zündkerzen
item-9-inline = Kühlmittel
item-10-inline = Getriebeöl
item-11-inline = Bremsbeläge
item-12-inline = Antriebsbatterie
item-13-inline = Partikelfilter
item-14-inline = Kraftstofffilter
item-15-inline = Zahnriemen
item-16-inline = Winterräder
item-17-inline = Klimaanlage
item-18-inline = Reduktionsgetriebeöl
item-0-inline = Andere Arbeit
item-other-inline = Arbeit { $id }

level-scheduled = Hat Zeit
level-upcoming = Bald
level-due = Jetzt fällig
level-overdue = Überfällig

reminder-upcoming-title = { $item } bald fällig
reminder-due-title = { $item } fällig
reminder-overdue-title = { $item } überfällig
reminder-upcoming-text = Planen Sie in den nächsten Wochen einen Termin. { $reason }.
reminder-due-text = Lassen Sie es jetzt erledigen. { $reason }.
reminder-overdue-text = Das sollte nicht länger warten. { $reason }.
information-title = Neues zu Ihrem Auto
information-text = Öffnen Sie Ihr Konto, um es zu lesen.

offer-other-title = Ein Angebot für Ihr Auto
offer-other-text = Ihre Werkstatt hat ein Angebot, das zu Ihrem Auto passt.

reason-distance = { $used } von { $limit } seit dem letzten Mal
reason-days = { $used } von { $limit } Tagen seit dem letzten Mal
reason-months = { $used } von { $limit } Monaten seit dem letzten Mal
reason-engine-time = { $used } h von { $limit } h Motorlauf seit dem letzten Mal
reason-fuel = { $used } l von { $limit } l Kraftstoff seit dem letzten Mal
reason-signal = { $signal }: { $value }, Schwelle { $limit }
reason-car-left = Noch { $left } bis zum Service, sagt der Zähler des Autos
reason-car-behind = Service um { $left } überschritten, sagt der Zähler des Autos
reason-car-asks = Das Auto selbst verlangt nach Service
reason-none = Der Plan Ihres Autos verlangt es

signal-battery-rest = Batterie in Ruhe
signal-health = Zustand der Antriebsbatterie
signal-oil-life = Restliche Lebensdauer des Öls laut Auto
signal-pad-wear = Verschleiß der Bremsbeläge laut Sensor
signal-outside = Außen, Mittel von 7 Tagen

state-raised = Neu
state-shown = Gesehen
state-snoozed = Aufgeschoben bis { $date }
state-booked = Termin gewünscht
state-done = Erledigt
state-refused = Nicht zutreffend
state-expired = Abgelaufen
surface-car = im Auto
surface-account = im Konto
surface-advisor = durch einen Berater
actor-car = Im Auto
actor-owner = Halter
actor-forgotten = Jemand, der gegangen ist
actor-family = Familie
actor-advisor = Berater
actor-engineer = Ein Techniker
actor-system = Milepost

recall-title = Sicherheitsrückruf
recall-text = { $component }, Aktion { $campaign }
recall-advice = Ihr Modell und Baujahr sind betroffen; ob es Ihr Auto ist, weiß der Hersteller anhand der Fahrgestellnummer. Rückrufarbeiten kosten nichts.
recall-details = Was die Behörde schreibt
recall-do-not-drive = Die Behörde sagt: bis zur Reparatur nicht fahren.
recall-park-outside = Die Behörde sagt: bis zur Reparatur im Freien und fern von Gebäuden parken.
recall-done = Erledigt oder nicht mein Auto
recall-later = In einer Woche erinnern
