# Saved plans that are not to be carried out, on 1.0 in service; ends with 1.1.

case="no plan file"
refused 2 "gone.plan" -- apply gone.plan --yes
ok

"$rollout" plan shop.rollout release --set image=shop:1.1 --out good.plan >"$out"
"$rollout" plan shop.rollout release --set image=shop:1.2 --out late.plan >"$out"
case="a plan that somebody changed"
sed 's/shop:1.1/shop:1.2/' good.plan >bad.plan
refused 7 "bad.plan" -- apply bad.plan --yes
head -c 500 good.plan >bad.plan
refused 7 "bad.plan" -- apply bad.plan --yes
echo '{}' >bad.plan
refused 7 "bad.plan" -- apply bad.plan --yes
ok

case="a plan of a newer format"
sed -E 's/"format":[0-9]+/"format":99/' good.plan >newer.plan
refused 7 "newer.plan" "99" -- apply newer.plan --yes
ok

case="a plan that was made offline"
"$rollout" plan shop.rollout release --set image=shop:1.1 --offline --out offline.plan >"$out"
refused 7 "offline" -- apply offline.plan --yes
ok

case="nobody can be asked"
refused 2 "say .--yes." -- apply good.plan
ok

case="a good plan is carried out"
start_load good
rollout_ends 0 apply good.plan --yes
stop_load
check "$case, and costs no request" test "$(field failed good)" -eq 0

case="a plan is carried out only once"
refused 7 "already applied as run r[0-9]" -- apply good.plan --yes
ok

case="a stale plan"
refused 7 "stale" "shop:1.0" "shop:1.1" "make a new plan" -- apply late.plan --yes
ok

# Begun in environment.sh.
case="the new version is never ready"
code=0
wait $sleepy || code=$?
cp run/sleepy.log "$out"
cp run/sleepy.log.err "$out.err"
judge_end $code 4 "apply sleepy.rollout release --set image=shop:7.2"
says "not complete in time" "is not ready"
ok
