# Was die Anzeige im Auto sagt.
number-group = .
number-decimal = ,
distance-km = { $value } km
distance-mi = { $value } mi
percent = { $value } %

item-1 = Motoröl
item-2 = Bremsflüssigkeit
item-3 = Reifenprüfung
item-4 = Inspektion
item-5 = 12-V-Batterie
item-other = Wartungspunkt { $id }

level-scheduled = Noch Zeit
level-upcoming = Bald
level-due = Jetzt fällig
level-overdue = Überfällig

when-either = In etwa { $span } oder { $distance }
when-about = In etwa { $span }
when-distance = In etwa { $distance }
when-now = Jetzt
when-since = Seit etwa { $span }
when-since-distance = { $distance } über der Grenze
when-measured = { $name }: { $figures }

span-day = 1 Tag
span-days = { $n } Tagen
span-weeks = { $n } Wochen
span-months = { $n } Monaten
span-year = 1 Jahr
span-years = { $n } Jahren

advice-upcoming = Planen Sie in den nächsten Wochen einen Termin.
advice-due = Lassen Sie es jetzt erledigen.
advice-overdue = Das sollte nicht länger warten.
advice-safety = Vor einer langen Fahrt prüfen lassen.

offer-label = Werbung
offer-1-title = Winterreifen
offer-1-text = Es wird kalt, und Ihr Auto fährt auf Sommerreifen. Ihre Werkstatt kann Winterreifen montieren.
offer-other-title = Ein Angebot für Sie
offer-other-text = Ihre Werkstatt hat ein Angebot, das zu Ihrem Auto passt.
information-label = Information
information-title = Neues zu Ihrem Auto
information-text = Sie können es in Ihrem Konto lesen.
question-label = Frage
question-title = Eine Frage an Sie
question-text = Sie können sie in Ihrem Konto beantworten.

why = Warum
why-distance = Strecke
why-time = Zeit
why-engine = Motorlauf
why-fuel = Kraftstoff
why-battery = Ruhespannung
why-outside = Außen
why-signal = Signal { $id }
why-none = Der Wartungsplan sieht es vor
figure-km = { $used } / { $limit } km
figure-mi = { $used } / { $limit } mi
figure-days = { $used } / { $limit } Tage
figure-months = { $used } / { $limit } Monate
figure-hours = { $used } / { $limit } h
figure-litres = { $used } / { $limit } l
figure-volts = { $used } V { $sign } { $limit } V
figure-celsius = { $used } °C { $sign } { $limit } °C
figure-plain = { $used } { $sign } { $limit }

act-snooze = Später
act-more = Mehr
act-done = Erledigt
act-book = Termin
act-refuse = Nicht relevant
act-back = Zurück
act-close = Schließen
act-next = Weiter
act-ok = OK
act-yes = Ja
act-no = Nein

menu-title = Was möchten Sie tun?
snooze-title = Wann erinnern?
snooze-day = In 1 Tag
snooze-week = In 1 Woche
snooze-month = In 1 Monat
confirm-done-title = Ist es erledigt?
confirm-done-text = Dann beginnt heute ein neues Intervall.
confirm-refuse-title = Nicht relevant?
confirm-refuse-text = Sie sehen das nicht wieder.

noted = Notiert
noted-day = Wir erinnern Sie in 1 Tag.
noted-week = Wir erinnern Sie in 1 Woche.
noted-month = Wir erinnern Sie in 1 Monat.
noted-days = Wir erinnern Sie in { $n } Tagen.
noted-done = Heute beginnt ein neues Intervall.
noted-book = Ihre Werkstatt erfährt, dass Sie einen Termin möchten.
noted-refuse = Sie sehen das nicht wieder.

idle-title = Keine Erinnerungen
idle-text = Nichts wartet auf eine Antwort.
