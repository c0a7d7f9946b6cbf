# What advisors do for owners: follow-ups, contacts, and one deed for several cars.
nav-follow-ups = Follow-ups
care-title = Follow-ups
care-lead = What somebody of the workshop has promised to do, each with a person and a day.
care-views = Which follow-ups
care-mine = Mine ({ $n })
care-all = All ({ $n })
care-past = Overdue ({ $n })
care-none = Nothing is waiting here.
care-none-here = Nothing is open for this car.
care-more =
    { $n ->
        [one] One more follow-up is not shown.
       *[other] { $n } more follow-ups are not shown.
    }
care-new = New follow-up
care-what = What is to be done
care-assignee = Who
care-next-on = By
care-note = Note
care-make = Make follow-up
care-save = Save
care-finish = Done …
care-give = Give to …
care-take-over = Make a follow-up …
care-outcome = Outcome
care-again-on = Again on
care-again-hint = Leave it empty if nothing is left to do.
care-today = today
care-tomorrow = tomorrow
care-overdue =
    { $n ->
        [one] overdue since yesterday
       *[other] overdue for { $n } days, since { $date }
    }
care-made = Made by { $who }, { $date }
care-done = Done ({ $n })
care-done-line = { $result }, { $who }, { $date }
care-notice = { $title }: { $state }
care-reached = Reached, knows
care-booked = Appointment made
care-declined = Does not want it
care-later = Wants it later
care-not-reached = Not reached
care-settled = Settled
care-call = Call
care-in-person = In person
care-message = Message
care-letter = Letter
care-way = How
care-about = About
care-way-car = Display in the car
care-way-account = Account
care-sent = Sent, no answer yet
care-task-open = To be done by the workshop
care-task-done = Done
care-no-notice = No particular reminder
care-told-title = Who told the owner what
care-told-none = The owner has been told nothing yet.
care-told-more = { $n } older entries are not shown.
care-note-contact = Note a contact
care-last = { $way }, { $who }: { $result }, { $when }
care-rule-snoozed = the owner has put it off
care-rule-ignored = the owner wants it by this channel only if it is ignored
care-rule-digest = the owner wants one e-mail a day
care-rule-quiet = the owner's quiet hours
deed-title = What became of it
deed-heading = With the marked cars
deed-marked = Marked: { $n }
deed-mark = Mark { $car }
deed-all = All that are shown
deed-keys = j and k go through the list, x marks, Shift and x marks a range.
deed-follow-up = Give somebody a follow-up
deed-called = Note a call
deed-note-call = Note call
deed-again = Send the reminder again
deed-channel = By
deed-send = Send again
deed-again-hint = Only by channels that the owner uses, never in quiet hours, and at most once a day.
deed-done-count =
    { $n ->
        [one] Done for one car.
       *[other] Done for { $n } cars.
    }
deed-refused-count =
    { $n ->
        [one] Refused for one.
       *[other] Refused for { $n }.
    }
deed-follow-up-done = Follow-up made
deed-called-done = Call noted
deed-sending = Goes out now
deed-held = Held until { $until }: { $rule }
deed-unknown = Not shared with the workshop
deed-duplicate = The same follow-up is open already
deed-date = That day has passed where the car is
deed-just-noted = The same call was noted { $age }
deed-told-at = Told by this channel { $age }
deed-not-offered = This channel is not set up
deed-no-owner = The car has no owner
deed-nothing-open = No reminder is open
deed-unwanted = The owner does not want it by this channel
deed-no-address = The owner has given no address for it
deed-on-its-way = On its way already
