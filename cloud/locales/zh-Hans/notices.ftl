# 保养项目、通知文字及其原因。标题会显示在车内屏幕上：最多 64 字节；正文最多 200 字节。
item-1 = 发动机机油
item-2 = 制动液
item-3 = 轮胎检查
item-4 = 定期检查
item-5 = 12 V 蓄电池
item-other = 保养项目 { $id }

# 句子中的写法。
item-1-inline = 发动机机油
item-2-inline = 制动液
item-3-inline = 轮胎检查
item-4-inline = 定期检查
item-5-inline = 12 V 蓄电池检查
item-other-inline = 保养项目 { $id }

level-scheduled = 时间充裕
level-upcoming = 即将到期
level-due = 现已到期
level-overdue = 已逾期

reminder-upcoming-title = { $item }即将到期
reminder-due-title = { $item }已到期
reminder-overdue-title = { $item }已逾期
reminder-upcoming-text = 请在未来几周内安排预约。{ $reason }。
reminder-due-text = 请现在处理。{ $reason }。
reminder-overdue-text = 不宜再拖延。{ $reason }。
information-title = 爱车的新消息
information-text = 请打开您的账户阅读。

offer-1-title = 冬季轮胎
offer-1-text = 天气转冷，您的车仍在使用夏季轮胎。您的维修厂可以为您更换冬季轮胎。
offer-other-title = 为您的车准备的优惠
offer-other-text = 您的维修厂有适合您爱车的优惠。

reason-distance = 自上次以来已用 { $used }，上限 { $limit }
reason-days = 自上次以来已过 { $used } 天，上限 { $limit } 天
reason-months = 自上次以来已过 { $used } 个月，上限 { $limit } 个月
reason-engine-time = 自上次以来发动机已运转 { $used } 小时，上限 { $limit } 小时
reason-fuel = 自上次以来已耗油 { $used } 升，上限 { $limit } 升
reason-signal = { $signal }：{ $value }，阈值 { $limit }
reason-none = 您爱车的计划要求如此

signal-battery-rest = 静置时的蓄电池
signal-outside = 室外温度，7 天平均

state-raised = 新
state-shown = 已看到
state-snoozed = 推迟到{ $date }
state-booked = 希望预约
state-done = 已完成
state-refused = 不相关
state-expired = 已过期
surface-car = 在车内
surface-account = 在账户中
surface-advisor = 由顾问
actor-car = 车内
actor-owner = 车主
actor-advisor = 顾问
actor-engineer = 工程师
actor-system = Milepost
