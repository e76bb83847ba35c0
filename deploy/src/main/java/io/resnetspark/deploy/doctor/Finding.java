package io.resnetspark.deploy.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Something that was looked at.
 *
 * @param mend what to do about it; empty where nothing is to be done
 */
public record Finding(Verdict verdict, String what, String mend) {
    /** How bad it is. */
    public enum Verdict {
        @JsonProperty("ok")
        OK,
        /** It works, but not as it could. */
        @JsonProperty("warning")
        WARNING,
        /** It will not work. */
        @JsonProperty("bad")
        BAD
    }

    static Finding ok(String what) {
        return new Finding(Verdict.OK, what, "");
    }

    static Finding warning(String what, String mend) {
        return new Finding(Verdict.WARNING, what, mend);
    }

    static Finding bad(String what, String mend) {
        return new Finding(Verdict.BAD, what, mend);
    }
}
