# One question at a time, with what it buys the owner.
question-registered-title = When was this car first registered?
question-registered-buys = What it gives you: service and inspection dates that count from the right day.
question-vin-title = What is the car’s identification number?
question-vin-buys = What it gives you: the plan made for this very model, and recalls that concern your car alone. It is on the registration papers.
question-birthday-title = When is your birthday?
question-birthday-buys = What it gives you: a letter on the day, with as many candles as years. It is used for nothing else, and you can have it forgotten at any time.
question-answer = Save
question-later = Ask me later
question-never = I’d rather not say
question-why = One question at a time
flash-told = Thank you, saved.
flash-asked-later = We will ask again some other time.
flash-asked-never = We will not ask that again.
birthday-told = You told us your birthday: { $date }.
birthday-forget = Forget my birthday
