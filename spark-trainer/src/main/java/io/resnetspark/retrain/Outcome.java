package io.resnetspark.retrain;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;

/**
 * How a retraining ended; the last line that it prints.
 *
 * @param outcome what happened
 * @param name of the model; null if the plan could not be read
 * @param reason a sentence: the reason to train, or why nothing was done, or refused; where it was stopped, and how to
 *     resume
 * @param version that was published; null if none was
 * @param champion the version in use now; null if there is none
 * @param run where the attempt lies; null if there was none
 * @param figures of the gate; null if it was not reached
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Outcome(
        Kind outcome,
        String name,
        @JsonAlias("why") String reason,
        Integer version,
        Integer champion,
        String run,
        JsonNode figures) {
    /** In the folder of an attempt that ended. */
    public static final String FILE = "outcome.json";

    /** What may happen. */
    public enum Kind {
        @JsonProperty("promoted")
        PROMOTED,
        @JsonProperty("nothing")
        NOTHING,
        @JsonProperty("refused")
        REFUSED,
        @JsonProperty("busy")
        BUSY,
        @JsonProperty("failed")
        FAILED,
        /** By SIGTERM or SIGINT. */
        @JsonProperty("stopped")
        STOPPED;

        /** Whether it says of a model whether it is good enough. */
        public boolean isDecision() {
            return this == PROMOTED || this == REFUSED;
        }
    }

    static Outcome nothing(String name, String reason, Integer champion) {
        return new Outcome(Kind.NOTHING, name, reason, null, champion, null, null);
    }

    /** Of an attempt that ended with an error. */
    public static Outcome of(Kind kind, String name, String reason) {
        return new Outcome(kind, name, reason, null, null, null, null);
    }
}
