# Numbers, dates and spans. Values arrive as text already grouped; `n`, `h` and `m` arrive as numbers.
number-group = ,
number-decimal = .
distance-km = { $value } km
distance-mi = { $value } mi
pressure-bar = { $value } bar
volts = { $value } V
celsius = { $value } °C
money-sign = { $sign }{ $amount }
money-code = { $sign } { $amount }
percent = { $value } %
date = { $day } { $month } { $year }
date-time = { $date }, { $time }
time = { $hour }:{ $minute }
time-seconds = { $hour }:{ $minute }:{ $second }
milliamperes = { $value } mA
bytes = { $value } bytes
kibibytes = { $value } KiB
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
age-now = just now
age-minutes = { $n } min ago
age-hours = { $n } h ago
age-days =
    { $n ->
        [one] 1 day ago
       *[other] { $n } days ago
    }
age-since = since { $date }
span-today = today
span-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
span-weeks =
    { $n ->
        [one] 1 week
       *[other] { $n } weeks
    }
span-months =
    { $n ->
        [one] 1 month
       *[other] { $n } months
    }
span-years =
    { $n ->
        [one] 1 year
       *[other] { $n } years
    }
duration-minutes = { $m } min
duration-hours = { $h } h { $m } min
