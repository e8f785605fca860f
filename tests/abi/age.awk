# Make a public header older or newer: read it without comments, and write it with structs that end
# earlier, or later. -v age=older|newer.
#
# older: a struct that the program owns, which begins with its size, loses its last three members,
# and more until it ends without padding, as each released one did; one that the library owns loses
# its last member. newer: both gain members. The values that never change are left alone.

function is_frozen(name) {
    return name == "tug_error" || name == "tug_digest" || name == "tug_platform"
}

# Tell whether a struct may end with this member: one of eight bytes.
function is_full(member) {
    return member ~ /\*|\(|size_t |uint64_t |_fn /
}

function flush_struct(is_sized, cut, i) {
    is_sized = members[1] ~ /^ *size_t size;/
    if (age == "older" && !is_frozen(name)) {
        cut = is_sized ? 3 : 1
        while (count > 1 && (cut > 0 || (is_sized && !is_full(members[count])))) {
            count--
            cut--
        }
    }
    print "struct " name " {"
    for (i = 1; i <= count; i++) {
        print members[i]
    }
    if (age == "newer" && !is_frozen(name)) {
        print "    const char *new_option; void (*new_callback)(void *context); uint64_t new_size;"
    }
    print "};"
}

/^struct tug_[a-z_]+ \{$/ && !inside {
    inside = 1
    name = $2
    count = 0
    depth = 1
    member = ""
    next
}
inside {
    depth += gsub(/\{/, "{") - gsub(/\}/, "}")
    if (depth == 0) {
        flush_struct()
        inside = 0
        next
    }
    member = member == "" ? $0 : member "\n" $0
    if (depth == 1 && /; *$/) {
        members[++count] = member
        member = ""
    }
    next
}
{ print }
