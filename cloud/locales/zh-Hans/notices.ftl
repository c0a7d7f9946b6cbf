# 保养项目、通知文字及其原因。标题会显示在车内屏幕上：最多 64 字节；正文最多 200 字节。
item-1 = 发动机机油
item-2 = 制动液
item-3 = 轮胎检查
item-4 = 定期检查
item-5 = 12 V 蓄电池
item-6 = 发动机空气滤清器
item-7 = 空调滤芯
item-8 = 火花塞
item-9 = 冷却液
item-10 = 变速箱油
item-11 = 制动片
item-12 = 动力电池
item-13 = 颗粒捕集器
item-14 = 燃油滤清器
item-15 = 正时皮带
item-16 = 冬季车轮
item-17 = 空调系统
item-18 = 减速器油
item-0 = 其他作业
item-other = 保养项目 { $id }

# 句子中的写法。
item-1-inline = 发动机机油
item-2-inline = 制动液
item-3-inline = 轮胎检查
item-4-inline = 定期检查
item-5-inline = 12 V 蓄电池检查
item-6-inline = 发动机空气滤清器
item-7-inline = 空调滤芯
item-8-inline = 火花塞
item-9-inline = 冷却液
item-10-inline = 变速箱油
item-11-inline = 制动片
item-12-inline = 动力电池
item-13-inline = 颗粒捕集器
item-14-inline = 燃油滤清器
item-15-inline = 正时皮带
item-16-inline = 冬季车轮
item-17-inline = 空调系统
item-18-inline = 减速器油
item-0-inline = 其他作业
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

offer-other-title = 为您的车准备的优惠
offer-other-text = 您的维修厂有适合您爱车的优惠。

reason-distance = 自上次以来已用 { $used }，上限 { $limit }
reason-days = 自上次以来已过 { $used } 天，上限 { $limit } 天
reason-months = 自上次以来已过 { $used } 个月，上限 { $limit } 个月
reason-engine-time = 自上次以来发动机已运转 { $used } 小时，上限 { $limit } 小时
reason-fuel = 自上次以来已耗油 { $used } 升，上限 { $limit } 升
reason-signal = { $signal }：{ $value }，阈值 { $limit }
reason-car-left = 车辆自身计数：距保养还有 { $left }
reason-car-behind = 车辆自身计数：已超过保养 { $left }
reason-car-asks = 车辆自身提示需要保养
reason-none = 您爱车的计划要求如此

signal-battery-rest = 静置时的蓄电池
signal-health = 动力电池健康度
signal-oil-life = 车辆监测的剩余机油寿命
signal-pad-wear = 车辆传感器测得的刹车片磨损
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
actor-forgotten = 已离开的用户
actor-family = 家人
actor-advisor = 顾问
actor-engineer = 工程师
actor-system = Milepost

recall-title = 安全召回
recall-text = { $component }，召回编号 { $campaign }
recall-advice = 涉及您的车型和年款；您的车是否在内，厂家可凭车架号确认。召回维修免费。
recall-details = 主管机构的说明
recall-do-not-drive = 主管机构提示：修复前请勿驾驶。
recall-park-outside = 主管机构提示：修复前请停放在室外并远离建筑物。
recall-done = 已处理，或与我的车无关
recall-later = 一周后提醒
