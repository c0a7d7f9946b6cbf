# Die Seiten des Halters.
no-vehicle-title = Noch kein Auto
no-vehicle-text = Sobald ein Auto mit Ihrem Konto verbunden ist, erscheinen hier sein Zustand, seine Fahrten und Erinnerungen.

health-fine = Alles gut. Als Nächstes: { $item } { $when }
health-fine-nothing = Alles gut. Nichts ist geplant
health-soon = { $item } { $when }
health-due = { $item } ist jetzt fällig
health-overdue = { $item } ist überfällig
health-unsafe = { $item } ist überfällig, und es geht um die Sicherheit
health-fault = Das Auto meldet einen Fehler: { $code }
health-silent = Nichts von Ihrem Auto gehört, letzter Kontakt { $age }
health-unknown = Wir warten auf die ersten Daten Ihres Autos
health-more =
    { $n ->
        [one] Unten steht noch eine Sache, die ansteht.
       *[other] Unten stehen noch { $n } Dinge, die anstehen.
    }
health-detail-fine = Heute gibt es für Sie nichts zu tun.
health-detail-unknown = Es meldet sich von selbst, sobald es gefahren ist.
health-detail-fault = Was das bedeutet, steht unten unter „Vom Auto gemeldet“.
health-detail-safety = Lassen Sie es vor einer langen Fahrt ansehen.

when-about = in etwa { $span }
when-distance = in etwa { $distance }
when-either = in etwa { $span } oder { $distance }
when-now = jetzt
when-since = seit etwa { $span }
when-since-distance = { $distance } über der Grenze
when-open = sobald der Zustand es verlangt
when-either-title = In etwa { $span } oder { $distance }, je nachdem, was zuerst eintritt
when-about-title = In etwa { $span }
when-distance-title = In etwa { $distance }
when-now-title = Jetzt
when-since-title = Seit etwa { $span }
when-since-distance-title = { $distance } über der Grenze
when-open-title = Sobald eine Messung es verlangt

next-title = Was als Nächstes kommt
next-empty = Noch kein Wartungsplan.
why = Warum
used-label = { $percent } des Intervalls verbraucht
act-done = Erledigt
act-snooze = Später
act-book = Termin
act-refuse = Trifft nicht zu
done-date = Datum
done-odometer = Kilometerstand in { $unit }
done-save = Speichern
undo-done = „Erledigt“ zurücknehmen
snooze-day = 1 Tag
snooze-week = 1 Woche
snooze-month = 1 Monat
status-snoozed = Aufgeschoben bis { $date }
status-booked = Termin gewünscht
status-refused = Als nicht zutreffend vermerkt

now-title = Gerade jetzt
tile-odometer = Kilometerstand
tile-fuel = Kraftstoff
tile-charge = Ladung
tile-battery = 12-V-Batterie
tile-outside = Außen
tile-tyres = Reifen
wheel-front-left = Vorne links
wheel-front-right = Vorne rechts
wheel-rear-left = Hinten links
wheel-rear-right = Hinten rechts

warnings-title = Vom Auto gemeldet
trouble-pending = Vermutet
trouble-confirmed = Bestätigt
trouble-permanent = Dauerhaft
trouble-cleared = Gelöscht
advice-engine = Motor oder Antrieb. Sie können vorsichtig weiterfahren; lassen Sie es bald ansehen.
advice-chassis = Bremsen, Lenkung oder Fahrwerk. Lassen Sie es vor einer langen Fahrt prüfen.
advice-body = Komfort- oder Karosserieelektronik. Sie können weiterfahren.
advice-network = Ein Steuergerät antwortet nicht. Lassen Sie es bald ansehen.

trips-title = Fahrten
trips-all = Alle Fahrten
trips-empty = Noch keine Fahrten.
trips-lead = Nur Entfernungen und Zeiten; Orte werden nicht gespeichert.
trips-day-total =
    { $n ->
        [one] 1 Fahrt, { $distance }
       *[other] { $n } Fahrten, { $distance }
    }
trip-span = { $from } bis { $to }
trip-fuel = { $litres } l
trip-energy = { $kwh } kWh

advertising = Werbung
offers-waiting =
    { $n ->
        [one] Ein Angebot wartet, getrennt von Ihren Erinnerungen
       *[other] { $n } Angebote warten, getrennt von Ihren Erinnerungen
    }
offers-title = Angebote
offers-lead = Werbung, getrennt von dem, was Ihr Auto braucht. Nichts davon betrifft die Sicherheit.
offers-empty = Keine Angebote. Wir zeigen nur eines, wenn es zu Ihrem Auto passt.
offers-no-consent = Sie bekommen keine persönlichen Angebote. Das ist Ihre Wahl, und Sie können sie jederzeit ändern.
offers-to-privacy = Wahl beim Datenschutz
offer-why = Warum sehe ich das?
offer-take = Das möchte ich
offer-refuse = Nein, danke
offer-why-consent = Sie haben persönliche Angebote erlaubt
offer-why-chance = Zufällig gewählt, mit einer Wahrscheinlichkeit von { $chance } gegenüber keinem Angebot
offer-why-holdout = Ein kleiner Teil der Halter bekommt keine Angebote, damit wir lernen, ob sie nützen
decisions-title = Wie über Angebote entschieden wurde
decisions-lead = Jede Entscheidung wird mit ihren Gründen aufbewahrt, auch die gegen ein Angebot.
decision-nothing = Kein Angebot wurde gemacht
decision-offer = Angebot gemacht: { $offer }
decision-considered = { $offer }: { $reason }
decision-chance = { $offer } passte, hatte eine Wahrscheinlichkeit von { $chance } und wurde nicht gezogen
rejected-consent = persönliche Angebote sind nicht erlaubt
rejected-safety = etwas für die Sicherheit geht vor: { $items }
rejected-open = dasselbe Angebot ist noch offen
rejected-answered = Sie haben es in dieser Saison beantwortet, am { $date }
rejected-cap = { $shown } Angebote in { $days } Tagen sind genug
rejected-quiet = nicht zu dieser Stunde
rejected-budget = das Budget der Werkstatt für Angebote ist aufgebraucht
rejected-holdout = Sie gehören zu den wenigen, die keine Angebote bekommen, damit wir lernen, ob sie nützen

flash-snoozed = Wir erinnern Sie später.
flash-booked = Ihre Werkstatt weiß, dass Sie einen Termin möchten.
flash-done = Als erledigt vermerkt.
flash-refused = Als nicht zutreffend vermerkt.
flash-completed = { $item } als erledigt vermerkt.
flash-undone = Zurückgenommen.
flash-offer-taken = Ihre Werkstatt meldet sich bei Ihnen.
flash-offer-refused = Dieses Angebot sehen Sie nicht wieder.
flash-consent = Ihre Wahl ist gespeichert und auf dem Weg zum Auto.
