# Service items, notices in words, and their reasons. Titles go to the car's display: at most 64 bytes; texts at most 200.
item-1 = Engine oil
item-2 = Brake fluid
item-3 = Tyre check
item-4 = Inspection
item-5 = 12 V battery
item-6 = Engine air filter
item-7 = Cabin filter
item-8 = Spark plugs
item-9 = Coolant
item-10 = Transmission fluid
item-11 = Brake pads
item-12 = Traction battery
item-13 = Particulate filter
item-14 = Fuel filter
item-15 = Timing belt
item-16 = Winter wheels
item-17 = Air conditioning
item-18 = Reduction gear oil
item-0 = Other work
item-other = Service item { $id }

# Within a sentence.
item-1-inline = engine oil
item-2-inline = brake fluid
item-3-inline = tyre check
item-4-inline = inspection
item-5-inline = 12 V battery check
item-6-inline = engine air filter
item-7-inline = cabin filter
item-8-inline = spark plugs
item-9-inline = coolant
item-10-inline = transmission fluid
item-11-inline = brake pads
item-12-inline = traction battery check
item-13-inline = particulate filter
item-14-inline = fuel filter
item-15-inline = timing belt
item-16-inline = winter wheels
item-17-inline = air conditioning
item-18-inline = reduction gear oil
item-0-inline = other work
item-other-inline = service item { $id }

level-scheduled = In good time
level-upcoming = Soon
level-due = Due now
level-overdue = Overdue

reminder-upcoming-title = { $item } soon
reminder-due-title = { $item } due
reminder-overdue-title = { $item } overdue
reminder-upcoming-text = Plan an appointment in the coming weeks. { $reason }.
reminder-due-text = Have it done now. { $reason }.
reminder-overdue-text = This should not wait any longer. { $reason }.
information-title = News about your car
information-text = Open your account to read it.

offer-other-title = An offer for your car
offer-other-text = Your workshop has an offer that fits your car.

reason-distance = { $used } of { $limit } since last time
reason-days = { $used } of { $limit } days since last time
reason-months = { $used } of { $limit } months since last time
reason-engine-time = { $used } h of { $limit } h of engine running since last time
reason-fuel = { $used } l of { $limit } l of fuel since last time
reason-signal = { $signal }: { $value }, threshold { $limit }
reason-car-left = { $left } until service, by the car's own counter
reason-car-behind = { $left } past service, by the car's own counter
reason-car-asks = The car itself asks for service
reason-none = The plan of your car asks for it

signal-battery-rest = Battery at rest
signal-health = Traction battery's health
signal-oil-life = Oil life left, by the car's own monitor
signal-pad-wear = Brake pads worn, by the car's own sensor
signal-outside = Outside, mean of 7 days

state-raised = New
state-shown = Seen
state-snoozed = Snoozed until { $date }
state-booked = Appointment wanted
state-done = Done
state-refused = Not relevant
state-expired = Expired
surface-car = in the car
surface-account = in the account
surface-advisor = by an advisor
actor-car = In the car
actor-owner = Owner
actor-forgotten = Somebody who has left
actor-family = Family
actor-advisor = Advisor
actor-engineer = An engineer
actor-system = Milepost

recall-title = Safety recall
recall-text = { $component }, campaign { $campaign }
recall-advice = Your model and year are concerned; whether your own car is, its maker knows by its number. Recall work costs nothing.
recall-details = What the agency says
recall-do-not-drive = The agency says: do not drive it until it is repaired.
recall-park-outside = The agency says: park it outside, away from buildings, until it is repaired.
recall-done = Settled, or not my car
recall-later = Remind me in a week
