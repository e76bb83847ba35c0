package io.resnetspark.model.gpucheck;

import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Precision;
import java.util.List;
import java.util.Locale;

/**
 * A network with a batch size and a number format, as "resnet20:128:bfloat16"; followed by ":infer" for inference, by
 * ":any" for nondeterministic algorithms.
 */
record Workload(Network network, int batch, Precision precision, boolean training, boolean deterministic) {
    private static final String INFERENCE = "infer";
    private static final String ANY_ORDER = "any";

    static Workload of(String words) {
        List<String> parts = List.of(words.split(":"));
        return new Workload(
                Networks.named(parts.get(0)),
                Integer.parseInt(parts.get(1)),
                Precision.valueOf(parts.get(2).toUpperCase(Locale.ROOT)),
                !parts.contains(INFERENCE),
                !parts.contains(ANY_ORDER));
    }

    /** As given. */
    String words() {
        return network.name() + ":" + batch + ":" + precision + (training ? "" : ":" + INFERENCE)
                + (deterministic ? "" : ":" + ANY_ORDER);
    }

    @Override
    public String toString() {
        return network.name() + ", batch " + batch + ", " + precision + (training ? "" : ", inference")
                + (deterministic ? "" : ", not deterministic");
    }
}
