# The owner's pages.
no-vehicle-title = No car yet
no-vehicle-text = As soon as a car is linked to your account, its health, trips and reminders appear here.

health-fine = Fine. Next: { $item } { $when }
health-fine-nothing = Fine. Nothing is planned
health-soon = { $item } { $when }
health-due = { $item } is due now
health-overdue = { $item } is overdue
health-unsafe = { $item } is overdue, and this is about safety
health-fault = The car reports a fault: { $code }
health-silent = Nothing heard from your car, last contact { $age }
health-unknown = Waiting for the first data from your car
health-more =
    { $n ->
        [one] One more thing is coming up below.
       *[other] { $n } more things are coming up below.
    }
health-detail-fine = Nothing needs you today.
health-detail-unknown = It reports by itself once it has been driven.
health-detail-fault = What it means stands below, under “Reported by the car”.
health-detail-safety = Have it looked at before a long drive.

when-about = in about { $span }
when-distance = in about { $distance }
when-either = in about { $span } or { $distance }
when-now = now
when-since = since about { $span }
when-since-distance = { $distance } past the limit
when-open = when its condition says so
when-either-title = In about { $span } or { $distance }, whichever comes first
when-about-title = In about { $span }
when-distance-title = In about { $distance }
when-now-title = Now
when-since-title = Since about { $span }
when-since-distance-title = { $distance } past the limit
when-open-title = As soon as a measurement asks for it

next-title = What comes next
next-empty = No service plan yet.
why = Why
used-label = { $percent } of the interval used
act-done = Done
act-snooze = Later
act-book = Book
act-refuse = Not relevant
done-date = Date
done-odometer = Odometer in { $unit }
done-save = Save
undo-done = Undo “done”
snooze-day = 1 day
snooze-week = 1 week
snooze-month = 1 month
status-snoozed = Snoozed until { $date }
status-booked = Appointment wanted
status-refused = Marked not relevant

now-title = Right now
tile-odometer = Odometer
tile-fuel = Fuel
tile-charge = Charge
tile-battery = 12 V battery
tile-outside = Outside
tile-tyres = Tyres
wheel-front-left = Front left
wheel-front-right = Front right
wheel-rear-left = Rear left
wheel-rear-right = Rear right

warnings-title = Reported by the car
trouble-pending = Suspected
trouble-confirmed = Confirmed
trouble-permanent = Permanent
trouble-cleared = Cleared
advice-engine = Engine or drive. You can go on carefully; have it looked at soon.
advice-chassis = Brakes, steering or chassis. Have it checked before a long drive.
advice-body = Comfort or body electronics. You can go on driving.
advice-network = A control unit does not answer. Have it looked at soon.

trips-title = Trips
trips-all = All trips
trips-empty = No trips yet.
trips-lead = Only distances and times; no places are stored.
trips-day-total =
    { $n ->
        [one] 1 trip, { $distance }
       *[other] { $n } trips, { $distance }
    }
trip-span = { $from } to { $to }
trip-fuel = { $litres } l
trip-energy = { $kwh } kWh

advertising = Advertising
offers-waiting =
    { $n ->
        [one] One offer is waiting, apart from your reminders
       *[other] { $n } offers are waiting, apart from your reminders
    }
offers-title = Offers
offers-lead = Advertising, kept apart from what your car needs. Nothing here is about safety.
offers-empty = No offers. We only show one when it fits your car.
offers-no-consent = You get no personalised offers. That is your choice, and you can change it at any time.
offers-to-privacy = Privacy choices
offer-why = Why am I seeing this?
offer-take = I would like that
offer-refuse = No, thank you
offer-why-consent = You allowed personalised offers
offer-why-chance = Chosen at random with a chance of { $chance } against showing nothing
offer-why-holdout = A small share of owners gets no offers, so that we learn whether they help
decisions-title = How offers were decided
decisions-lead = Every decision is kept with its reasons, also those against an offer.
decision-nothing = No offer was made
decision-offer = Offer made: { $offer }
decision-considered = { $offer }: { $reason }
decision-chance = { $offer } fitted; it had a chance of { $chance } and was not drawn
rejected-consent = personalised offers are not allowed
rejected-safety = something about safety comes first: { $items }
rejected-open = the same offer is still open
rejected-answered = you answered it this season, on { $date }
rejected-cap = { $shown } offers in { $days } days are enough
rejected-quiet = not at this hour
rejected-budget = the workshop's budget for offers is used up
rejected-holdout = you are among the few who get no offers, so that we learn whether they help

flash-snoozed = We will remind you later.
flash-booked = Your workshop knows that you want an appointment.
flash-done = Noted as done.
flash-refused = Noted as not relevant.
flash-completed = { $item } noted as done.
flash-undone = Taken back.
flash-offer-taken = Your workshop will get in touch.
flash-offer-refused = You will not see this offer again.
flash-consent = Your choices are saved and on their way to the car.
