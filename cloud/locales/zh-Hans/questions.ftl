# One question at a time, with what it buys the owner.
question-registered-title = 这辆车是什么时候首次登记的？
question-registered-buys = 您的好处：保养和年检日期从正确的日子算起。
question-vin-title = 车辆识别代号是什么？
question-vin-buys = 您的好处：专为该车型制定的保养计划，以及只与您的车有关的召回。它印在行驶证上。
question-birthday-title = 您的生日是哪一天？
question-birthday-buys = 您的好处：生日当天收到一封信，蜡烛数与岁数相同。仅用于此，您随时可以让我们忘记它。
question-answer = 保存
question-later = 以后再问
question-never = 不想说
question-why = 一次只问一个问题
flash-told = 谢谢，已保存。
flash-asked-later = 我们以后再问。
flash-asked-never = 我们不会再问这个问题。
birthday-told = 您告诉过我们您的生日：{ $date }。
birthday-forget = 忘记我的生日
