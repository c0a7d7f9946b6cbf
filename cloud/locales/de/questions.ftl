# One question at a time, with what it buys the owner.
question-registered-title = Wann wurde dieses Auto erstmals zugelassen?
question-registered-buys = Was Sie davon haben: Service- und Prüftermine, die vom richtigen Tag an zählen.
question-vin-title = Wie lautet die Fahrzeug-Identifizierungsnummer?
question-vin-buys = Was Sie davon haben: den Plan für genau dieses Modell, und Rückrufe, die nur Ihr Auto betreffen. Sie steht in den Fahrzeugpapieren.
question-birthday-title = Wann haben Sie Geburtstag?
question-birthday-buys = Was Sie davon haben: einen Brief zum Tag, mit so vielen Kerzen wie Jahren. Wir nutzen das Datum für nichts anderes, und Sie können es jederzeit vergessen lassen.
question-answer = Speichern
question-later = Später fragen
question-never = Möchte ich nicht sagen
question-why = Eine Frage zur Zeit
flash-told = Danke, gespeichert.
flash-asked-later = Wir fragen ein andermal.
flash-asked-never = Wir fragen das nicht mehr.
birthday-told = Sie haben uns Ihren Geburtstag genannt: { $date }.
birthday-forget = Meinen Geburtstag vergessen
