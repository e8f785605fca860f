# runs.tsv in, medians out. "noisy" in the last column: no run was undisturbed, all are used.

function median(list, n,    i, j, x) {
    for (i = 2; i <= n; i++) {
        x = list[i]
        for (j = i - 1; j > 0 && list[j] > x; j--) {
            list[j + 1] = list[j]
        }
        list[j + 1] = x
    }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# The median of one column over the runs of a key that count.
function column_median(key, column, use_dropped,    i, n, list) {
    for (i = 1; i <= run_count[key]; i++) {
        if (verdict[key, i] == "kept" || (use_dropped && verdict[key, i] == "dropped")) {
            list[++n] = value[key, i, column]
        }
    }
    return median(list, n)
}

BEGIN {
    FS = OFS = "\t"
    print "case", "server", "program", "kept", "dropped", "wall_s", "wall_min_s", "wall_max_s",
        "cpu_s", "peak_kib", "server_cpu_s", "server_bytes", "server_requests", "quality"
}

NR > 1 {
    key = $1 OFS $2 OFS $3
    if (!(key in run_count)) {
        keys[++key_count] = key
    }
    i = ++run_count[key]
    verdict[key, i] = $NF
    count[key, $NF]++
    for (column = 4; column < NF; column++) {
        value[key, i, column] = $column + 0
    }
}

END {
    for (k = 1; k <= key_count; k++) {
        key = keys[k]
        kept = count[key, "kept"] + 0
        dropped = count[key, "dropped"] + 0
        if (kept + dropped == 0) {
            continue
        }
        low = high = ""
        for (i = 1; i <= run_count[key]; i++) {
            if (verdict[key, i] == "kept" || (kept == 0 && verdict[key, i] == "dropped")) {
                wall = value[key, i, 4]
                if (low == "" || wall < low) low = wall
                if (high == "" || wall > high) high = wall
            }
        }
        print key, kept, dropped, column_median(key, 4, !kept), low, high,
            column_median(key, 5, !kept), column_median(key, 6, !kept),
            column_median(key, 7, !kept), column_median(key, 11, !kept),
            column_median(key, 12, !kept), kept ? "quiet" : "noisy"
    }
}
