#!/bin/sh
# The steps of move.sh, between its locks. Nothing is touched before everything has been looked at.
set -eu
here=$(dirname "$0")
# Names are apart by lines, and may hold anything else.
set -f
IFS='
'
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/scripts/move_sides.sh
. "$here/move_sides.sh"
# shellcheck source=components/postgres/scripts/move_database.sh
. "$here/move_database.sh"
started=$(date +%s)

total() { echo $#; }
# shellcheck disable=SC2086
total=$(total $APP_DATABASES)

# survey SIDE: a line for each database: name, there or not, owner, state, id, arrived; tabs between them
survey() {
  sql "$1" "" --set=databases="$APP_DATABASES" --file="$here/move_survey.sql"
}

IS_THERE=2 OWNER=3 STATE=4 ID=5 ARRIVED=6
field() { # field SURVEY DATABASE NUMBER
  printf '%s\n' "$1" | database="$2" awk -F '\t' -v number="$3" '$1 == ENVIRON["database"] { print $number }'
}

source_survey=$(survey source)
target_survey=$(survey target)
s() { field "$source_survey" "$1" "$2"; }
t() { field "$target_survey" "$1" "$2"; }

finish() { # finish ID SINCE: the source is marked; the target says that the data live there now
  sql target "" --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=id="$1" \
    --set=server="$(address source)" --set=since="$2" --file="$here/move_arrive.sql"
}

told_end() {
  end_progress
  if [ "$1" -ne 0 ]; then
    say "NOT moved: nothing is lost, $(address source) has all rows, and the app stands still. \`pulumi up\` tries again;" \
      "to turn back, put the stack file back and \`pulumi up\`"
  fi
}

came_from_source() { # came_from_source DATABASE: what is on the target moved there from the source
  if [ "$(s "$1" "$ID")" != "$(t "$1" "$ARRIVED")" ]; then
    refuse "database $1 has moved away from $(address source) already, and not to $(address target): nothing was touched."
  fi
}

moved="" unfinished=""
for database in $APP_DATABASES; do
  if [ "$(s "$database" "$IS_THERE")" != yes ]; then
    refuse "$(address source) has no database $database: nothing was touched. If there is nothing to move, take moveFrom out."
  fi
  if [ "$(s "$database" "$OWNER")" != "$APP_USERNAME" ]; then
    refuse "database $database on $(address source) belongs to role $(s "$database" "$OWNER"), not to $APP_USERNAME: nothing was touched."
  fi
  case "$(s "$database" "$STATE")" in
    moved) moved=yes ;;
    awaited | copying | copied) unfinished=yes ;;
  esac
done

# A move the other way that did not come to its end, and is turned back: the data never left.
if [ -n "$unfinished" ]; then
  for database in $APP_DATABASES; do
    case "$(s "$database" "$STATE"),$(t "$database" "$STATE"),$(t "$database" "$ID")" in
      awaited,stayed,* | awaited,arrived,* | awaited,,) ;;
      copying,stayed,"$(s "$database" "$ID")" | copied,stayed,"$(s "$database" "$ID")") ;;
      # It was cut between its last two marks: no app has been on the copy yet.
      copied,moved,"$(s "$database" "$ID")") ;;
      # It was cut before it came to this one, which had moved here before.
      moved,stayed,* | moved,arrived,*) came_from_source "$database" ;;
      *) refuse "database $database on $(address source) is an unfinished copy, and not of what is on $(address target): nothing was touched." ;;
    esac
    if [ "$(t "$database" "$IS_THERE")" != yes ] || [ "$(sql target "$database" --file="$here/move_contents.sql")" -eq 0 ]; then
      refuse "database $database on $(address source) is an unfinished copy, and $(address target) has nothing in its place: nothing was touched."
    fi
  done
  sql target "" --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --file="$here/move_recall.sql"
  say "nothing to move: $(listed) never left $(address target)"
  exit 0
fi

if [ -n "$moved" ]; then
  for database in $APP_DATABASES; do
    id=$(s "$database" "$ID")
    case "$(s "$database" "$STATE"),$(t "$database" "$STATE"),$(t "$database" "$ID")" in
      moved,arrived,"$id" | moved,copied,"$id") ;;
      moved,stayed,*) came_from_source "$database" ;;
      *) refuse "database $database has moved away from $(address source) already, and not to $(address target): nothing was touched." ;;
    esac
  done
  finish "$id" "$(sql source "" --set=databases="$APP_DATABASES" --file="$here/move_since.sql")"
  say "moved already: $(listed) are on $(address target)"
  exit 0
fi

for database in $APP_DATABASES; do
  arrived=$(s "$database" "$ARRIVED")
  case "$(t "$database" "$IS_THERE"),$(t "$database" "$STATE")" in
    no,*) ;;
    yes,copying | yes,copied) ;;
    yes,moved)
      if [ "$(t "$database" "$ID")" != "$arrived" ]; then
        refuse "database $database on $(address target) has moved away, but not to $(address source): nothing was touched."
      fi
      ;;
    *)
      if [ "$(sql target "$database" --file="$here/move_contents.sql")" -gt 0 ]; then
        refuse "database $database on $(address target) is not empty: nothing was touched. Move or drop what is in it first."
      fi
      ;;
  esac
  missing=$(roles_missing "$database")
  if [ -n "$missing" ]; then
    refuse "database $database grants to, or has objects of, roles that $(address target) does not have: $missing. Make them there first; nothing was touched."
  fi
done

say "moving $(listed) of role $APP_USERNAME from $(address source) to $(address target)"
gate=$(
  sql source "" --set=databases="$APP_DATABASES" --set=run="$RUN" --set=now="$(date +%s)" --set=seconds="$WAIT_SECONDS" \
    --set=server="$(address target)" --file="$here/move_gate.sql"
)
id=${gate%%	*} since=${gate##*	}
trap 'told_end $?' EXIT
say "writers are stopped on $(address source) since $(date -u -d "@$since" +%H:%M:%S): role $APP_USERNAME may not log in there"

number=0
for database in $APP_DATABASES; do
  number=$((number + 1))
  if [ "$(t "$database" "$STATE"),$(t "$database" "$ID")" = "copied,$id" ]; then
    say "database $number of $total, $database: copied and compared before"
    continue
  fi
  say "database $number of $total, $database: $(size_of source "$database")"
  make_room "$database" "$id"
  copy "$database"
  compare "$database"
  sql target "" --set=database="$database" --set=id="$id" --set=server="$(address source)" \
    --set=comment="$(sql source "" --set=database="$database" --file="$here/move_comment.sql")" --file="$here/move_copied.sql"
done

sql source "" --set=databases="$APP_DATABASES" --set=id="$id" --set=lock="${LOCK_ON_source:?}" --file="$here/move_commit.sql"
finish "$id" "$since"
now=$(date +%s)
say "moved: $(listed) are on $(address target), identical; copied and compared in $((now - started)) s, writers stopped for $((now - since)) s so far"
