# 车内显示屏的文字。
number-group = ,
number-decimal = .
distance-km = { $value } 公里
distance-mi = { $value } 英里
percent = { $value }%

item-1 = 发动机机油
item-2 = 制动液
item-3 = 轮胎检查
item-4 = 定期检查
item-5 = 12 V 蓄电池
item-other = 保养项目 { $id }

level-scheduled = 时间充裕
level-upcoming = 即将到期
level-due = 现已到期
level-overdue = 已逾期

when-either = 约 { $span }后或再行驶 { $distance }
when-about = 约 { $span }后
when-distance = 再行驶约 { $distance }
when-now = 现在
when-since = 已超期约 { $span }
when-since-distance = 已超出 { $distance }
when-measured = { $name }：{ $figures }

span-day = 1 天
span-days = { $n } 天
span-weeks = { $n } 周
span-months = { $n } 个月
span-year = 1 年
span-years = { $n } 年

advice-upcoming = 请在未来几周内预约保养。
advice-due = 请尽快完成。
advice-overdue = 请不要再拖延。
advice-safety = 长途行驶前请先检查。

offer-label = 广告
offer-1-title = 冬季轮胎
offer-1-text = 天气转冷，您的车仍在使用夏季轮胎。您的服务店可以为您更换冬季轮胎。
offer-other-title = 为您的车准备的优惠
offer-other-text = 您的服务店有一项适合您的车的优惠。
information-label = 消息
information-title = 您的车有新消息
information-text = 请在您的账户中查看。
question-label = 问题
question-title = 关于您的车的问题
question-text = 请在您的账户中回答。

why = 原因
why-distance = 里程
why-time = 时间
why-engine = 发动机运行
why-fuel = 燃油
why-battery = 静置电压
why-outside = 车外
why-signal = 信号 { $id }
why-none = 按照您的车的保养计划
figure-km = { $used } / { $limit } 公里
figure-mi = { $used } / { $limit } 英里
figure-days = { $used } / { $limit } 天
figure-months = { $used } / { $limit } 个月
figure-hours = { $used } / { $limit } 小时
figure-litres = { $used } / { $limit } 升
figure-volts = { $used } V { $sign } { $limit } V
figure-celsius = { $used } °C { $sign } { $limit } °C
figure-plain = { $used } { $sign } { $limit }

act-snooze = 稍后
act-more = 更多
act-done = 已完成
act-book = 预约
act-refuse = 不需要
act-back = 返回
act-close = 关闭
act-next = 下一项
act-ok = 确定
act-yes = 是
act-no = 否

menu-title = 您想做什么？
snooze-title = 何时提醒您？
snooze-day = 1 天后
snooze-week = 1 周后
snooze-month = 1 个月后
confirm-done-title = 已经完成了吗？
confirm-done-text = 新的周期将从今天开始。
confirm-refuse-title = 不需要吗？
confirm-refuse-text = 将不再显示此内容。

noted = 已记录
noted-day = 我们将在 1 天后提醒您。
noted-week = 我们将在 1 周后提醒您。
noted-month = 我们将在 1 个月后提醒您。
noted-days = 我们将在 { $n } 天后提醒您。
noted-done = 新的周期从今天开始。
noted-book = 服务店将得知您想预约。
noted-refuse = 将不再显示此内容。

idle-title = 暂无提醒
idle-text = 目前没有需要您回复的事项。
