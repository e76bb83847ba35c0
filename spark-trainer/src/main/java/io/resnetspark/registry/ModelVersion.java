package io.resnetspark.registry;

import io.resnetspark.train.artifact.ModelDescription;
import org.apache.hadoop.fs.Path;

/** A published model. */
public record ModelVersion(String name, int number, Path path, ModelDescription description) {
    /** NAME@NUMBER. */
    public String reference() {
        return name + "@" + number;
    }
}
