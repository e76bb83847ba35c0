package io.resnetspark.cli;

import io.resnetspark.retrain.Outcome;
import java.util.LinkedHashMap;
import java.util.Map;

/** How a process ends, for schedulers; the help and the table of docs/exit-codes.md are made from this. */
public enum ExitCode {
    DONE(0, "done, or nothing to do", "", "`retrain`: `promoted`, `nothing`"),
    FAILED(
            1,
            "a fault of ours, or a training whose loss diverged",
            "us; for a diverged loss, the recipe",
            "`--stacktrace` shows where; please report it"),
    INPUT(
            2,
            "your input cannot be used",
            "whoever wrote the command",
            "a typo, a missing file, an image that cannot be decoded, something that exists already (nothing is"
                    + " overwritten)"),
    REFUSED(
            3,
            "retrain: refused by the gate",
            "nobody: the champion stays",
            "the figures are in the last line on stdout"),
    BUSY(
            4,
            "busy: another process is at work on the same model, dataset or run",
            "nobody: try again later",
            "`retrain`, `prepare`, `train`"),
    MACHINE(
            5,
            "the machine or the cluster",
            "whoever runs it",
            "a full disk or quota, no permission, a name node or a web server that cannot be reached, native libraries"
                    + " that cannot be loaded, not enough memory, a Java that is not supported; a GPU that was asked for"
                    + " and cannot be used, or that fails; findings of `doctor`"),
    DAMAGED(
            6,
            "damaged",
            "whoever has a copy, or the corpus",
            "a dataset, a model or a registry whose bytes are not those of their manifest; `models verify`, `data"
                    + " verify`"),
    /** As Java does it: 128 and the signal's number. */
    INTERRUPTED(130, "stopped by SIGINT (Ctrl-C)", "", "one sentence says how to resume"),
    /** Likewise. */
    STOPPED(143, "stopped by SIGTERM", "", "the same; `retrain`: `stopped`, for its hooks too");

    private final int code;
    private final String meaning;
    private final String fixedBy;
    private final String examples;

    ExitCode(int code, String meaning, String fixedBy, String examples) {
        this.code = code;
        this.meaning = meaning;
        this.fixedBy = fixedBy;
        this.examples = examples;
    }

    public int code() {
        return code;
    }

    public String meaning() {
        return meaning;
    }

    /** Who has to do something about it; empty if nobody. */
    public String fixedBy() {
        return fixedBy;
    }

    public String examples() {
        return examples;
    }

    static ExitCode of(Outcome.Kind outcome) {
        return switch (outcome) {
            case PROMOTED, NOTHING -> DONE;
            case REFUSED -> REFUSED;
            case BUSY -> BUSY;
            case FAILED -> FAILED;
            case STOPPED -> STOPPED;
        };
    }

    /** For the help. */
    static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        for (ExitCode exit : values()) {
            meanings.put(String.valueOf(exit.code), exit.meaning);
        }
        return meanings;
    }
}
