# Versuche mit Angeboten.
nav-experiments = Versuche
experiments-title = Versuche
experiments-lead = Wem was angeboten wird, entscheidet das Los, für jedes Konto einmal. So lässt sich, was ein Angebot bringt, von dem trennen, was ohnehin gekommen wäre.
experiments-empty = Noch wurde kein Versuch angelegt.
experiments-all = Alle Versuche
experiments-put = Einen Versuch anlegen
experiments-file = Der Versuch, als TOML
experiments-about = Name, Version, Schicht und Arme mit ihren Anteilen, die zusammen eins ergeben. Er wartet, bis Sie ihn laufen lassen; eine neue Version tritt an die Stelle der alten und lost neu.
experiments-save = Prüfen und anlegen
experiment-draft = Wartet
experiment-running = Läuft
experiment-stopped = Beendet
experiment-start = Laufen lassen
experiment-stop = Endgültig beenden
experiment-stop-about = Von da an entscheidet wieder die Strategie. Wer teilnimmt, zählt in seinem Arm, bis sein Zeitfenster vorbei ist.
experiment-window = { $days ->
    [one] Was ein Konto einbringt, zählt ab der Zuteilung einen Tag lang.
   *[other] Was ein Konto einbringt, zählt ab der Zuteilung { $days } Tage lang.
}
experiment-intake-not-begun = Es wartet, bis jemand es laufen lässt.
experiment-intake-accounts = Es nimmt Konten auf.
experiment-intake-outcomes = Es nimmt niemanden mehr auf und zählt noch bis { $date }; dann ist das Zeitfenster des letzten Kontos vorbei.
experiment-intake-closed = Abgeschlossen: Kein Zeitfenster ist mehr offen, und nichts ändert die Zahlen noch.
experiment-layer = Schicht { $layer }, Konten von { $from } bis { $to } davon.
experiment-segments = Nur Autos aus { $segments }.
experiment-until = Es nimmt Konten bis { $date } auf.
experiment-arms = Arme und Wirkungen
experiment-does = Was geschieht
experiment-margin = Marge je Konto
experiment-effects = Gegen den ersten Arm
experiment-effect = Wirkung
experiment-interval = Intervall
experiment-between = { $low } bis { $high }
experiment-verdict = Urteil
experiment-against = { $arm } gegen { $control }
experiment-by-segment = Nach Segment
experiment-by-segment-about = Von allen Segmenten zusammen ist höchstens eine von zwanzig Entdeckungen falsch zu erwarten.
experiment-segment = Segment
experiment-no-segment = keines
experiment-phases = Phasen
experiment-phases-about = Wer teilnimmt, behält den Arm, wenn sich die Anteile ändern.
experiment-from = Ab
experiment-from-start = Beginn
experiment-shares = Anteile
experiment-holdout = Alle Angebote zusammen, gegen die Konten, die nie eines bekommen:
experiment-sizes-ok = Die Arme sind so groß, wie sie sein sollen.
experiment-sizes-wrong = Die Arme sind nicht so groß, wie sie sein sollen.
experiment-cuped-gain = Werkstattbesuche des Vorjahres erklären { $share } der Streuung; die Wirkungen sind darum bereinigt.
experiment-cuped-none = Werkstattbesuche des Vorjahres erklären { $share } der Streuung: kein Gewinn, darum wird nichts bereinigt.
experiment-excluded = { $count ->
    [one] Ein Konto sah zwei Arme und zählt nicht.
   *[other] { $count } Konten sahen zwei Arme und zählen nicht.
}
experiment-invalid = Nichts wird gefolgert, weil die Arme nicht so groß sind, wie sie sein sollen. Klären Sie zuerst, warum.
experiment-too-few = { $arm }: zu wenige Konten für eine Aussage; jeder Arm braucht mindestens { $least }.
experiment-winner = { $arm } bringt je Konto { $effect } mehr als { $control }, mit der Unsicherheit zwischen { $low } und { $high }.
experiment-loser = { $arm } kostet je Konto { $effect } gegenüber { $control }, mit der Unsicherheit zwischen { $low } und { $high }. Anhalten und nachsehen.
experiment-no-difference = { $arm } macht gegenüber { $control } keinen Unterschied, der zählt: zwischen { $low } und { $high } je Konto.
experiment-learning = { $arm }: noch lässt sich nichts sicher sagen; es kann alles zwischen { $low } und { $high } je Konto sein.
verdict-badge-winner = Besser
verdict-badge-loser = Schlechter
verdict-badge-no-difference = Kein Unterschied
verdict-badge-learning = Lernt noch
verdict-badge-invalid = Ungültig
stage-experiment = Einem Versuch vorbehalten
rejected-experiment = ein Versuch entscheidet darüber
lane-experiment = In einem Versuch ausgelost, für jedes Konto einmal
