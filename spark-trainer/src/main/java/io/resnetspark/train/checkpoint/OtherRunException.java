package io.resnetspark.train.checkpoint;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** A checkpoint is of a run with another recipe, dataset or number of threads. It is whole: with these, it can be resumed. */
public final class OtherRunException extends BadInputException {
    private static final long serialVersionUID = 1;

    private OtherRunException(String message, Remedy remedy) {
        super(message, List.of(remedy));
    }

    static OtherRunException of(Path checkpoint, List<String> differences) {
        return new OtherRunException(
                checkpoint + " is of another run: " + String.join("; ", differences) + ". Use what it was begun with.",
                Remedy.of(Remedy.Kind.OTHER_OUTPUT));
    }

    /** The same, where the place of the output is not the user's to choose. */
    public OtherRunException with(Remedy remedy) {
        return new OtherRunException(getMessage(), remedy);
    }
}
