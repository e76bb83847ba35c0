package io.resnetspark.model.gpucheck;

import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Precision;
import java.util.List;
import java.util.Locale;

/** A network with a batch size and a number format, as "resnet20:128:bfloat16", or with ":infer" behind it. */
record Work(Network network, int batch, Precision precision, boolean training) {
    static Work of(String words) {
        List<String> parts = List.of(words.split(":"));
        return new Work(
                Networks.named(parts.get(0)),
                Integer.parseInt(parts.get(1)),
                Precision.valueOf(parts.get(2).toUpperCase(Locale.ROOT)),
                parts.size() == 3);
    }

    /** As it was given. */
    String words() {
        return network.name() + ":" + batch + ":" + precision + (training ? "" : ":infer");
    }

    @Override
    public String toString() {
        return network.name() + ", batch " + batch + ", " + precision + (training ? "" : ", inference");
    }
}
