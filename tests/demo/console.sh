# shellcheck shell=bash
# The console of the demo, read in by tests/demo/run: a gateway beside each agency's agent, an account
# for each role, and traffic that goes on while somebody looks. Without the built console (there is no
# Node.js) there is none of it.
#
# Each gateway has a loopback address of its own: cookies do not tell ports apart, and so one browser
# can be signed in at several agencies at once.

console=$build/console
more_letters=tests/demo/live.csv
password=''
traffic=''
gateways=()
declare -A sites=()
window=''

# Who works there: agency, role, name to sign in with, name to show.
people() {
    cat <<'EOF'
xfj clerk liming 李明
xfj supervisor sunwei 孙伟
xfj leader wangfang 王芳
xfj auditor hejing 何静
xfj administrator qianjin 钱进
zjj clerk zhaolei 赵磊
zjj leader zhougang 周刚
rsj clerk fengxia 冯霞
zrj clerk chenjie 陈杰
qsz clerk yangbo 杨波
xzf clerk wuqiong 吴琼
xzf leader zhengyi 郑毅
EOF
}

# The desks at which tests/demo/cast.c acts.
desk() {
    case $1 in
    xfj) echo 信访局办信科 ;; zjj) echo 住建局信访办 ;; rsj) echo 人社局劳动监察大队 ;;
    zrj) echo 自然资源局办公室 ;; qsz) echo 青山镇综治办 ;; *) echo 值班室 ;;
    esac
}

role_name() {
    case $1 in
    clerk) say 经办人 clerk ;; supervisor) say 负责人 supervisor ;; leader) say 领导 leader ;;
    auditor) say 审计员 auditor ;; administrator) say 管理员 administrator ;;
    esac
}

# Until now the agents' own account did everything; from here on people do, by their roles.
name_people() { # AGENCY
    local role
    {
        echo '[roles]'
        echo "gateway = uid:$(id -u)"
        for role in clerk supervisor leader auditor administrator; do
            people | awk -v at="$1" -v role=$role -v desk="$(desk "$1")" '
                $1 == at && $2 == role { names = names (names == "" ? "" : ", ") $3 }
                END { if (role == "clerk" || role == "supervisor") names = names (names == "" ? "" : ", ") desk
                      if (names != "") print role " = " names }'
        done
    } >>"$folder/$1/conf"
    cli --admin "$folder/$1/agent.sock" reload >>"$folder/$1/log" 2>&1 || fail "${names[$1]} 未能重新读取配置" "${names[$1]} did not reload"
}

open_gateway() { # AGENCY ADDRESS
    local name=gw-$1 listen='' admin=''
    mkdir -p "$folder/$name"
    # The petition office has the petitioners' window, and its administrator sees the broker's lines.
    [ "$1" != xfj ] || { listen=$2:0; admin=$folder/broker/admin.sock; }
    cat >"$folder/$name/conf" <<EOF
[gateway]
data = .
agent = $folder/$1/agent.sock
console = $console
[http]
listen = $2:0
hosts = $2
https = no
[window]
listen = $listen
hosts = $2
[admin]
broker = $admin
EOF
    while read -r _ _ user shown; do
        printf '%s\n' "$password" | "$build/jiaoban-gateway" -c "$folder/$name/conf" \
            --add-account "$user" --display-name "$shown" >>"$folder/$name/log" 2>&1 ||
            fail "$user 的账号未能建立" "no account for $user"
    done < <(people | grep "^$1 ")
    start "$name" jiaoban-gateway
    gateways+=("$name")
    sites[$1]=http://${endpoint%% *}/
    [ "$1" != xfj ] || window=http://${endpoint##*window=}/
}

open_console() {
    local host=11 agency
    password=$(head -c 256 /dev/urandom | base64 -w 0 | tr -dc 'a-km-np-z2-9' | fold -w 4 | head -n 3 | paste -sd -)
    for agency in $everybody; do
        name_people "$agency"
        open_gateway "$agency" "127.0.0.$host"
        host=$((host + 1))
    done
}

# Letters go on arriving, and the agencies go on working. What people at the console did before the
# players is no fault.
open_traffic() {
    "$play" live "$folder" $letters $more_letters - live >>"$folder/live.log" 2>&1 &
    traffic=$!
}

close_traffic() {
    [ -n "$traffic" ] || return 0
    kill "$traffic" 2>/dev/null
    wait "$traffic" 2>/dev/null
    traffic=''
}

show_accounts() {
    local agency role user shown last=''
    while read -r agency role user shown; do
        [ "$agency" = "$last" ] || printf '  %s  %s\n' "${sites[$agency]}" "${names[$agency]}"
        last=$agency
        printf '      %-10s %s (%s)\n' "$user" "$(role_name "$role")" "$shown"
    done < <(people)
    say "  密码均为  $password  (仅本次演示有效)" "  password of all:  $password  (of this demo only)"
}
