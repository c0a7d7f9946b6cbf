# Was Serviceberater für Halter tun: Aufgaben, Gespräche und ein Handgriff für mehrere Autos.
nav-follow-ups = Aufgaben
care-title = Aufgaben
care-lead = Was jemand aus der Werkstatt zugesagt hat, jeweils mit Person und Tag.
care-views = Welche Aufgaben
care-mine = Meine ({ $n })
care-all = Alle ({ $n })
care-past = Überfällig ({ $n })
care-none = Hier wartet nichts.
care-none-here = Für dieses Auto ist nichts offen.
care-more =
    { $n ->
        [one] Eine weitere Aufgabe wird nicht gezeigt.
       *[other] { $n } weitere Aufgaben werden nicht gezeigt.
    }
care-new = Neue Aufgabe
care-what = Was zu tun ist
care-assignee = Wer
care-next-on = Bis
care-note = Notiz
care-make = Aufgabe anlegen
care-save = Speichern
care-finish = Erledigt …
care-give = Weitergeben …
care-take-over = Aufgabe daraus machen …
care-outcome = Ergebnis
care-again-on = Wieder am
care-again-hint = Leer lassen, wenn nichts mehr zu tun ist.
care-today = heute
care-tomorrow = morgen
care-overdue =
    { $n ->
        [one] seit gestern überfällig
       *[other] seit { $n } Tagen überfällig, seit dem { $date }
    }
care-made = Angelegt von { $who }, { $date }
care-done = Erledigt ({ $n })
care-done-line = { $result }, { $who }, { $date }
care-notice = { $title }: { $state }
care-reached = Erreicht, weiß Bescheid
care-booked = Termin vereinbart
care-declined = Möchte es nicht
care-later = Möchte es später
care-not-reached = Nicht erreicht
care-settled = Erledigt
care-call = Anruf
care-in-person = Gespräch vor Ort
care-message = Nachricht
care-letter = Brief
care-way = Wie
care-about = Worüber
care-way-car = Anzeige im Auto
care-way-account = Konto
care-sent = Gesendet, noch keine Antwort
care-task-open = Von der Werkstatt zu erledigen
care-task-done = Erledigt
care-no-notice = Keine bestimmte Erinnerung
care-told-title = Wer dem Halter was gesagt hat
care-told-none = Dem Halter wurde noch nichts gesagt.
care-told-more = { $n } ältere Einträge werden nicht gezeigt.
care-note-contact = Gespräch notieren
care-last = { $way }, { $who }: { $result }, { $when }
care-rule-snoozed = der Halter hat es verschoben
care-rule-ignored = der Halter möchte diesen Weg nur, wenn er nicht antwortet
care-rule-digest = der Halter möchte eine E-Mail am Tag
care-rule-quiet = die Ruhezeit des Halters
deed-title = Was daraus wurde
deed-heading = Mit den markierten Autos
deed-marked = Markiert: { $n }
deed-mark = { $car } markieren
deed-all = Alle gezeigten
deed-keys = j und k gehen durch die Liste, x markiert, Umschalt und x markiert einen Bereich.
deed-follow-up = Jemandem eine Aufgabe geben
deed-called = Anruf notieren
deed-note-call = Anruf notieren
deed-again = Erinnerung noch einmal senden
deed-channel = Weg
deed-send = Noch einmal senden
deed-again-hint = Nur auf Wegen, die der Halter nutzt, nie in der Ruhezeit und höchstens einmal am Tag.
deed-done-count =
    { $n ->
        [one] Für ein Auto erledigt.
       *[other] Für { $n } Autos erledigt.
    }
deed-refused-count =
    { $n ->
        [one] Für eines abgelehnt.
       *[other] Für { $n } abgelehnt.
    }
deed-follow-up-done = Aufgabe angelegt
deed-called-done = Anruf notiert
deed-sending = Geht jetzt hinaus
deed-held = Zurückgehalten bis { $until }: { $rule }
deed-unknown = Nicht mit der Werkstatt geteilt
deed-duplicate = Dieselbe Aufgabe ist schon offen
deed-date = Der Tag ist dort, wo das Auto ist, schon vorbei
deed-just-noted = Derselbe Anruf wurde { $age } notiert
deed-told-at = Auf diesem Weg { $age } gesagt
deed-not-offered = Dieser Weg ist nicht eingerichtet
deed-no-owner = Das Auto hat keinen Halter
deed-nothing-open = Keine Erinnerung ist offen
deed-unwanted = Der Halter möchte es auf diesem Weg nicht
deed-no-address = Der Halter hat dafür keine Adresse angegeben
deed-on-its-way = Schon unterwegs
