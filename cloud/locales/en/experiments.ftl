# Experiments on offers.
nav-experiments = Experiments
experiments-title = Experiments
experiments-lead = Who is offered what is drawn by lot, for each account once, so that what an offer brings can be told apart from what would have come anyway.
experiments-empty = No experiment was put yet.
experiments-all = All experiments
experiments-put = Put an experiment
experiments-file = The experiment, as TOML
experiments-about = Name, version, layer and arms with their shares, which add up to one. It waits until you let it run; a new version takes the place of the one before and draws anew.
experiments-save = Check and put it
experiment-draft = Waits
experiment-running = Running
experiment-stopped = Stopped
experiment-start = Let it run
experiment-stop = Stop it for good
experiment-stop-about = From then on the policy decides again. Whoever takes part counts by its arm until its window is over.
experiment-window = { $days ->
    [one] What an account earns counts for one day from its exposure on.
   *[other] What an account earns counts for { $days } days from its exposure on.
}
experiment-intake-not-begun = It waits until somebody lets it run.
experiment-intake-accounts = It takes accounts in.
experiment-intake-outcomes = It takes nobody in any more and is counting until { $date }, when the window of the last account is over.
experiment-intake-closed = Closed: no window is open any more, and nothing changes its figures.
experiment-layer = Layer { $layer }, accounts from { $from } to { $to } of it.
experiment-segments = Only cars of { $segments }.
experiment-until = It takes accounts in until { $date }.
experiment-arms = Arms and effects
experiment-does = What is done
experiment-margin = Margin for each account
experiment-effects = Against the first arm
experiment-effect = Effect
experiment-interval = Interval
experiment-between = { $low } to { $high }
experiment-verdict = Verdict
experiment-against = { $arm } against { $control }
experiment-by-segment = By segment
experiment-by-segment-about = Of all segments together at most one in twenty discoveries is expected to be false.
experiment-segment = Segment
experiment-no-segment = none
experiment-phases = Phases
experiment-phases-about = Whoever takes part keeps the arm when the shares change.
experiment-from = From
experiment-from-start = The start
experiment-shares = Shares
experiment-holdout = All offers together, against the accounts that never get one:
experiment-sizes-ok = The arms are as large as they should be.
experiment-sizes-wrong = The arms are not as large as they should be.
experiment-cuped-gain = Service visits of the year before explain { $share } of the spread; effects are adjusted by them.
experiment-cuped-none = Service visits of the year before explain { $share } of the spread: no gain, so nothing is adjusted.
experiment-excluded = { $count ->
    [one] One account saw two arms and does not count.
   *[other] { $count } accounts saw two arms and do not count.
}
experiment-invalid = Nothing is concluded, because the arms are not as large as they should be. Find out why first.
experiment-too-few = { $arm }: too few accounts for any statement; each arm needs at least { $least }.
experiment-winner = { $arm } brings { $effect } more for each account than { $control }, and with the uncertainty between { $low } and { $high }.
experiment-loser = { $arm } costs { $effect } for each account against { $control }, and with the uncertainty between { $low } and { $high }. Stop and look.
experiment-no-difference = { $arm } makes no difference that matters against { $control }: between { $low } and { $high } for each account.
experiment-learning = { $arm }: nothing can be said for sure yet; it may be anything between { $low } and { $high } for each account.
verdict-badge-winner = Better
verdict-badge-loser = Worse
verdict-badge-no-difference = No difference
verdict-badge-learning = Learning
verdict-badge-invalid = Invalid
stage-experiment = Kept for an experiment
rejected-experiment = an experiment decides on it
lane-experiment = Drawn by lot in an experiment, once for each account
