#!/bin/sh
# The steps of move.sh, while it holds the locks. All checks come before the first change.
set -eu
here=$(dirname "$0")
# Names are separated by line breaks, and may contain any other character.
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

# survey SIDE: one line for each database: name, whether it exists, owner, state, id, arrived, separated by tabs
survey() {
  sql "$1" "" --set=databases="$APP_DATABASES" --file="$here/move_survey.sql"
}

EXISTS=2 OWNER=3 STATE=4 ID=5 ARRIVED=6
field() { # field SURVEY DATABASE NUMBER
  printf '%s\n' "$1" | database="$2" awk -F '\t' -v number="$3" '$1 == ENVIRON["database"] { print $number }'
}

source_survey=$(survey source)
target_survey=$(survey target)
s() { field "$source_survey" "$1" "$2"; }
t() { field "$target_survey" "$1" "$2"; }

finish() { # finish ID SINCE: completes the move on the target, after the source
  sql target "" --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=id="$1" \
    --set=server="$(address source)" --set=since="$2" --file="$here/move_arrive.sql"
}

report_failure() { # report_failure STATUS
  end_progress
  if [ "$1" -ne 0 ]; then
    say "NOT moved: no data are lost, $(address source) has all rows, and the app is down. To try again, run \`pulumi up\`;" \
      "to cancel the move, restore the previous stack file and run \`pulumi up\`"
  fi
}

came_from_source() { # came_from_source DATABASE: checks that the target's data were moved there from the source
  if [ "$(s "$1" "$ID")" != "$(t "$1" "$ARRIVED")" ]; then
    refuse_moved_elsewhere "$1" source target
  fi
}

refuse_moved_elsewhere() { # refuse_moved_elsewhere DATABASE SIDE OTHER_SIDE
  refuse "database $1 on $(address "$2") was moved to another server than $(address "$3"): nothing was changed."
}

refuse_unfinished() { # refuse_unfinished DATABASE PROBLEM
  refuse "database $1 on $(address source) is an unfinished copy, and $2: nothing was changed."
}

moved="" unfinished=""
for database in $APP_DATABASES; do
  if [ "$(s "$database" "$EXISTS")" != yes ]; then
    refuse "database $database does not exist on $(address source): nothing was changed. If there is nothing to move, remove \`moveFrom\`."
  fi
  if [ "$(s "$database" "$OWNER")" != "$APP_USERNAME" ]; then
    refuse "database $database on $(address source) belongs to role $(s "$database" "$OWNER"), not to $APP_USERNAME: nothing was changed."
  fi
  case "$(s "$database" "$STATE")" in
    moved) moved=yes ;;
    awaited | copying | copied) unfinished=yes ;;
  esac
done

# An unfinished move in the other direction is cancelled: the data are still on the target.
if [ -n "$unfinished" ]; then
  for database in $APP_DATABASES; do
    case "$(s "$database" "$STATE"),$(t "$database" "$STATE"),$(t "$database" "$ID")" in
      awaited,stayed,* | awaited,arrived,* | awaited,,) ;;
      copying,stayed,"$(s "$database" "$ID")" | copied,stayed,"$(s "$database" "$ID")") ;;
      # It was interrupted between its last two marks: no app has used the copy yet.
      copied,moved,"$(s "$database" "$ID")") ;;
      # It was interrupted before this database, which an earlier move had brought to the target.
      moved,stayed,* | moved,arrived,*) came_from_source "$database" ;;
      *) refuse_unfinished "$database" "$(address target) is not the server that it was copied from" ;;
    esac
    if [ "$(t "$database" "$EXISTS")" != yes ] || [ "$(sql target "$database" --file="$here/move_contents.sql")" -eq 0 ]; then
      refuse_unfinished "$database" "the one on $(address target) does not exist or is empty"
    fi
  done
  sql target "" --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --file="$here/move_recall.sql"
  say "nothing to move: the data of $(listed) are still on $(address target)"
  exit 0
fi

if [ -n "$moved" ]; then
  for database in $APP_DATABASES; do
    id=$(s "$database" "$ID")
    case "$(s "$database" "$STATE"),$(t "$database" "$STATE"),$(t "$database" "$ID")" in
      moved,arrived,"$id" | moved,copied,"$id") ;;
      moved,stayed,*) came_from_source "$database" ;;
      *) refuse_moved_elsewhere "$database" source target ;;
    esac
  done
  finish "$id" "$(sql source "" --set=databases="$APP_DATABASES" --file="$here/move_since.sql")"
  say "already moved: $(listed) are on $(address target)"
  exit 0
fi

for database in $APP_DATABASES; do
  arrived=$(s "$database" "$ARRIVED")
  case "$(t "$database" "$EXISTS"),$(t "$database" "$STATE")" in
    no,*) ;;
    yes,copying | yes,copied) ;;
    yes,moved)
      if [ "$(t "$database" "$ID")" != "$arrived" ]; then
        refuse_moved_elsewhere "$database" target source
      fi
      ;;
    *)
      if [ "$(sql target "$database" --file="$here/move_contents.sql")" -gt 0 ]; then
        refuse "database $database on $(address target) is not empty: nothing was changed. Move or drop its contents first."
      fi
      ;;
  esac
  missing=$(roles_missing "$database")
  if [ -n "$missing" ]; then
    refuse "database $database refers to roles that do not exist on $(address target): $missing. Create them there first; nothing was changed."
  fi
done

say "moving $(listed) of role $APP_USERNAME from $(address source) to $(address target)"
gate=$(
  sql source "" --set=databases="$APP_DATABASES" --set=run="$RUN" --set=now="$(date +%s)" --set=seconds="$WAIT_SECONDS" \
    --set=server="$(address target)" --file="$here/move_gate.sql"
)
id=${gate%%	*} since=${gate##*	}
trap 'report_failure $?' EXIT
say "writers on $(address source) have been stopped since $(date -u -d "@$since" +%H:%M:%S): role $APP_USERNAME cannot log in there"

number=0
for database in $APP_DATABASES; do
  number=$((number + 1))
  if [ "$(t "$database" "$STATE"),$(t "$database" "$ID")" = "copied,$id" ]; then
    say "database $number of $total, $database: already copied and compared"
    continue
  fi
  say "database $number of $total, $database: $(size_of source "$database")"
  create_empty_database "$database" "$id"
  copy "$database"
  compare "$database"
  sql target "" --set=database="$database" --set=id="$id" --set=server="$(address source)" \
    --set=comment="$(sql source "" --set=database="$database" --file="$here/move_comment.sql")" --file="$here/move_copied.sql"
done

sql source "" --set=databases="$APP_DATABASES" --set=id="$id" --set=lock="${LOCK_ON_source:?}" --file="$here/move_commit.sql"
finish "$id" "$since"
now=$(date +%s)
say "moved: $(listed) are on $(address target), identical; copied and compared in $((now - started)) s, writers have been stopped for $((now - since)) s"
