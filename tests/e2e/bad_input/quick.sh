rollout_ends 0 apply shop.rollout install --set image=shop:1.0 --yes; mount -t tmpfs -o size=4m none "$project/run/prometheus" 2>/dev/null || true
cp -r state /tmp/bad/st.$$; mount -t tmpfs -o size=4m none "$project/state" && mounted=$project/state; cp -r /tmp/bad/st.$$/* state/
