# Service items, notices in words, and their reasons. Titles go to the car's display: at most 64 bytes; texts at most 200.
item-1 = Engine oil
item-2 = Brake fluid
item-3 = Tyre check
item-4 = Inspection
item-5 = 12 V battery
item-other = Service item { $id }

# Within a sentence.
item-1-inline = engine oil
item-2-inline = brake fluid
item-3-inline = tyre check
item-4-inline = inspection
item-5-inline = 12 V battery check
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

offer-1-title = Winter tyres
offer-1-text = It is getting cold and your car runs on its summer set. We can fit winter tyres at your workshop.
offer-other-title = An offer for your car
offer-other-text = Your workshop has an offer that fits your car.

reason-distance = { $used } of { $limit } since last time
reason-days = { $used } of { $limit } days since last time
reason-months = { $used } of { $limit } months since last time
reason-engine-time = { $used } h of { $limit } h of engine running since last time
reason-fuel = { $used } l of { $limit } l of fuel since last time
reason-signal = { $signal }: { $value }, threshold { $limit }
reason-none = The plan of your car asks for it

signal-battery-rest = Battery at rest
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
actor-advisor = Advisor
actor-engineer = An engineer
actor-system = Milepost
