#!/usr/bin/env bash
# dbdyno's own image:  image.sh build amd64|arm64   builds and pushes one platform by digest, with SBOM and provenance
#                      image.sh merge DIGEST…       one image of them, under its tags
# Environment: IMAGE, VERSION ("" for a build of main).
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
matches "IMAGE" "$IMAGE" '[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+'
VERSION=${VERSION#v} # the tag's name
[ -z "$VERSION" ] || is_version "VERSION" "$VERSION"
case $1 in
  build)
    matches "the platform" "$2" 'amd64|arm64'
    docker buildx create --name dbdyno --driver docker-container --use >/dev/null
    labels=()
    for l in "version=${VERSION:-edge}" "revision=$GITHUB_SHA" "source=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "licenses=Apache-2.0" \
      "created=$(git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)" "title=dbdyno"; do
      labels+=(--label "org.opencontainers.image.$l")
    done
    docker buildx build --platform "linux/$2" "${labels[@]}" --sbom=true --provenance=mode=max --metadata-file "$RUNNER_TEMP/metadata.json" \
      --output "type=image,name=$IMAGE,push-by-digest=true,name-canonical=true,push=true" .
    digest=$(jq -er '."containerimage.digest"' "$RUNNER_TEMP/metadata.json")
    matches "the digest" "$digest" 'sha256:[0-9a-f]{64}'
    output "$2" "$digest"
    ;;
  merge)
    shift
    sources=()
    for d in "$@"; do
      matches "a digest" "$d" 'sha256:[0-9a-f]{64}'
      sources+=("$IMAGE@$d")
    done
    [ ${#sources[@]} -gt 0 ] || fail "image.sh merge: which digests?"
    tag=$IMAGE:${VERSION:-edge}
    docker buildx imagetools create --tag "$tag" --annotation "index:org.opencontainers.image.version=${VERSION:-edge}" \
      --annotation "index:org.opencontainers.image.revision=$GITHUB_SHA" "${sources[@]}"
    digest=$(docker buildx imagetools inspect "$tag" --format '{{json .Manifest.Digest}}' | jq -er .)
    printf 'Use %s@%s\n' "$IMAGE" "$digest" >>"$GITHUB_STEP_SUMMARY"
    ;;
  *) fail "image.sh: \"$1\" is not build or merge" ;;
esac
