# What the car's display says. One message a line; words are those of the owner's pages.
# Every variable of a message stands in every language; a message that a language lacks is shown in English.
number-group = ,
number-decimal = .
distance-km = { $value } km
distance-mi = { $value } mi
percent = { $value } %

item-1 = Engine oil
item-2 = Brake fluid
item-3 = Tyre check
item-4 = Inspection
item-5 = 12 V battery
item-other = Service item { $id }

level-scheduled = In good time
level-upcoming = Soon
level-due = Due now
level-overdue = Overdue

when-either = In about { $span } or { $distance }
when-about = In about { $span }
when-distance = In about { $distance }
when-now = Now
when-since = Since about { $span }
when-since-distance = { $distance } past the limit
when-measured = { $name }: { $figures }

span-day = 1 day
span-days = { $n } days
span-weeks = { $n } weeks
span-months = { $n } months
span-year = 1 year
span-years = { $n } years

advice-upcoming = Plan an appointment in the coming weeks.
advice-due = Have it done now.
advice-overdue = This should not wait any longer.
advice-safety = Have it looked at before a long drive.

offer-label = Advertising
offer-1-title = Winter tyres
offer-1-text = It is getting cold and your car runs on its summer set. We can fit winter tyres at your workshop.
offer-other-title = An offer for your car
offer-other-text = Your workshop has an offer that fits your car.
information-label = Information
information-title = News about your car
information-text = Open your account to read it.
question-label = Question
question-title = A question about your car
question-text = Open your account to answer it.

why = Why
why-distance = Distance
why-time = Time
why-engine = Engine hours
why-fuel = Fuel
why-battery = Battery at rest
why-outside = Outside
why-signal = Signal { $id }
why-none = The plan of your car asks for it
figure-km = { $used } / { $limit } km
figure-mi = { $used } / { $limit } mi
figure-days = { $used } / { $limit } days
figure-months = { $used } / { $limit } months
figure-hours = { $used } / { $limit } h
figure-litres = { $used } / { $limit } l
figure-volts = { $used } V { $sign } { $limit } V
figure-celsius = { $used } °C { $sign } { $limit } °C
figure-plain = { $used } { $sign } { $limit }

act-snooze = Later
act-more = More
act-done = Done
act-book = Book
act-refuse = Not relevant
act-back = Back
act-close = Close
act-next = Next
act-ok = OK
act-yes = Yes
act-no = No

menu-title = What would you like to do?
snooze-title = When shall we remind you?
snooze-day = In 1 day
snooze-week = In 1 week
snooze-month = In 1 month
confirm-done-title = Has it been done?
confirm-done-text = Then a new interval begins today.
confirm-refuse-title = Not relevant?
confirm-refuse-text = You will not see this again.

noted = Noted
noted-day = We will remind you in 1 day.
noted-week = We will remind you in 1 week.
noted-month = We will remind you in 1 month.
noted-days = We will remind you in { $n } days.
noted-done = A new interval begins today.
noted-book = Your workshop learns that you want an appointment.
noted-refuse = You will not see this again.

idle-title = No reminders
idle-text = Nothing is waiting for you.
