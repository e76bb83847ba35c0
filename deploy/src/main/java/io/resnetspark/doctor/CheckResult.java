package io.resnetspark.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Something that was looked at.
 *
 * @param remedy what to do about it; empty where nothing is to be done
 */
public record CheckResult(Status status, String what, String remedy) {
    /** How bad it is. */
    public enum Status {
        @JsonProperty("ok")
        OK,
        /** It works, but not as it could. */
        @JsonProperty("warning")
        WARNING,
        /** It will not work. */
        @JsonProperty("bad")
        BAD
    }

    static CheckResult ok(String what) {
        return new CheckResult(Status.OK, what, "");
    }

    static CheckResult warning(String what, String remedy) {
        return new CheckResult(Status.WARNING, what, remedy);
    }

    static CheckResult bad(String what, String remedy) {
        return new CheckResult(Status.BAD, what, remedy);
    }
}
