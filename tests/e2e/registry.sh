#!/usr/bin/env bash
# A tag that is moved between plan and apply: the plan holds the digest that a real registry gave, and is refused.
source "$(dirname "$0")/lib.sh"
folder=$build/e2e/registry
rm -rf "$folder"
mkdir -p "$folder/bin"
ln -s "$build"/shop/shop-1.* "$folder/bin"
cd "$folder"
at=127.0.0.1:18450

cat >registry.yml <<END
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $folder/data } }
http: { addr: $at }
END
touch rollout.toml
for key in build other; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $key.key 2>/dev/null
  openssl pkey -in $key.key -pubout -out $key.pub
done
cat >shop.rollout <<END
import std.backend.{local, registry}

input image: Image

target hosts: local { directory = "run" }
target images: registry {
  url  = "http://$at"
  keys = ["build": "$(grep -v -- ----- build.pub | tr -d '\n')"]
}

service shop {
  workload = hosts {
    command    = ["bin/shop-\${version}", "--port", "\${port}"]
    ready      = http("/healthz")
    replicas   = 1
    ports_from = 18460
  }
  registry = images
}

rollout install { shop.install(image) }
rollout release {
  preflight {
    sample every 200ms
    check "the build has signed" shop.signatures >= 1
  }
  shop.deploy(image)
  hold 1s
  shop.promote()
}
rollout remove { shop.remove() }
END

docker-registry serve registry.yml >registry.log 2>&1 & registry=$!
clean_up() {
  "$build/rollout" apply shop.rollout remove --set image=shop:1.0 --yes >remove.log 2>&1 || true
  kill "$registry"
}
trap clean_up EXIT

digest() { printf 'sha256:%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }
blob() {
  local to
  to=$(curl -sf -D - -o /dev/null -X POST "http://$at/v2/shop/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
  curl -sf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "$1" "$to&digest=$(digest "$1")"
}
# push TAG TYPE CONTENT [SIGNATURE]: an image of one layer; sets $pushed to its digest.
push() {
  local manifest annotations= type=application/vnd.oci.image.manifest.v1+json
  blob '{}'
  blob "$3"
  [[ $# == 3 ]] || annotations=",\"annotations\":{\"dev.cosignproject.cosign/signature\":\"$4\"}"
  manifest="{\"schemaVersion\":2,\"mediaType\":\"$type\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$(digest '{}')\",\"size\":2},\"layers\":[{\"mediaType\":\"$2\",\"digest\":\"$(digest "$3")\",\"size\":${#3}$annotations}]}"
  curl -sf -o /dev/null -X PUT -H "Content-Type: $type" --data-binary "$manifest" "http://$at/v2/shop/manifests/$1"
  pushed=$(digest "$manifest")
}
layer=application/vnd.oci.image.layer.v1.tar
# sign KEY DIGEST [IMAGE]: what that key signs is attached to the image with the digest, for it or another one.
sign() {
  local payload="{\"critical\":{\"identity\":{\"docker-reference\":\"\"},\"image\":{\"docker-manifest-digest\":\"${3-$2}\"},\"type\":\"cosign container image signature\"},\"optional\":null}"
  push "sha256-${2#sha256:}.sig" application/vnd.dev.cosign.simplesigning.v1+json "$payload" \
    "$(printf %s "$payload" | openssl dgst -sha256 -sign "$1.key" | base64 -w0)"
}
rollout() { "$build/rollout" "$@" >out.log 2>&1; }
ends_with() { local code=0; rollout "${@:2}" || code=$?; [[ $code == "$1" ]] || { cat out.log; return 1; }; }

for _ in $(seq 100); do curl -sf "http://$at/v2/" >/dev/null && break; sleep 0.1; done

check "an image that is not there is no plan" ends_with 6 plan shop.rollout install --set image=shop:1.0
check "and the answer says so" grep -q 'shop:1.0 is not in the registry' out.log
push 1.0 $layer one
check "the first version is installed" ends_with 0 apply shop.rollout install --set image=shop:1.0 --yes
push 1.1 $layer two; first=$pushed
check "a plan is made" ends_with 0 plan shop.rollout release --set image=shop:1.1 --out release.plan
check "it shows the digest" grep -q "→ shop:1.1@$first" out.log
check "it says so offline" ends_with 0 plan shop.rollout release --set image=shop:1.1 --offline
check "that it is not resolved" grep -q 'unresolved: the digest of shop:1.1 is not known: target images was not asked' out.log
check "without a signature nothing is changed" ends_with 6 apply release.plan --yes
check "and the run says why" grep -q 'the build has signed' out.log
cp out.log unsigned.log

check "another plan is made" ends_with 0 plan shop.rollout release --set image=shop:1.1 --out release.plan
push 1.1 $layer three; second=$pushed
check "the tag is moved, and the plan is refused" ends_with 7 apply release.plan --yes
check "with both digests" grep -q "shop:1.1 was $first when it was made and is $second now" out.log

check "and that nothing is attached" grep -q "no signature is attached to $first" unsigned.log
sign other "$second"
check "a signature of another key is none" ends_with 6 apply shop.rollout release --set image=shop:1.1 --yes
check "and it is said which key was tried" grep -q 'signature 1 was not made by the key build' out.log
sign build "$second" "$first"
check "nor is one for another image" ends_with 6 apply shop.rollout release --set image=shop:1.1 --yes
check "and it is said for which" grep -q "signature 1 by build is for another image, $first" out.log
sign build "$second"
check "a new plan, signed, is carried out" ends_with 0 apply shop.rollout release --set image=shop:1.1 --yes
check "and is what runs" ends_with 0 plan shop.rollout release --set image=shop:1.1
check "by its digest" grep -q 'no changes' out.log
kill "$registry"
wait "$registry" || true
check "a registry that is away is code 6" ends_with 6 plan shop.rollout release --set image=shop:1.1
check "and nothing is guessed" grep -q 'failed: ' out.log
docker-registry serve registry.yml >>registry.log 2>&1 & registry=$!
for _ in $(seq 100); do curl -sf "http://$at/v2/" >/dev/null && break; sleep 0.1; done
