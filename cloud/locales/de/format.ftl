# Zahlen, Daten und Zeitspannen. Werte kommen als gegliederter Text; `n`, `h` und `m` kommen als Zahlen.
number-group = .
number-decimal = ,
distance-km = { $value } km
distance-mi = { $value } mi
pressure-bar = { $value } bar
volts = { $value } V
celsius = { $value } °C
money-sign = { $amount } { $sign }
money-code = { $amount } { $sign }
percent = { $value } %
date = { $day }. { $month } { $year }
date-time = { $date }, { $time }
time = { $hour }:{ $minute }
time-seconds = { $hour }:{ $minute }:{ $second }
milliamperes = { $value } mA
bytes = { $value } Byte
kibibytes = { $value } KiB
month-1 = Jan.
month-2 = Feb.
month-3 = März
month-4 = Apr.
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug.
month-9 = Sept.
month-10 = Okt.
month-11 = Nov.
month-12 = Dez.
age-now = gerade eben
age-minutes = vor { $n } min
age-hours = vor { $n } h
age-days =
    { $n ->
        [one] vor 1 Tag
       *[other] vor { $n } Tagen
    }
age-since = seit { $date }
span-today = heute
span-days =
    { $n ->
        [one] 1 Tag
       *[other] { $n } Tagen
    }
span-weeks =
    { $n ->
        [one] 1 Woche
       *[other] { $n } Wochen
    }
span-months =
    { $n ->
        [one] 1 Monat
       *[other] { $n } Monaten
    }
span-years =
    { $n ->
        [one] 1 Jahr
       *[other] { $n } Jahren
    }
duration-minutes = { $m } min
duration-hours = { $h } h { $m } min
