package io.resnetspark.cli;

import io.resnetspark.common.Progress;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.tracking.LiveTracking;
import io.resnetspark.tracking.RunTracking;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine.Option;

/** Which MLflow server a run is sent to. */
final class MlflowOptions {
    @Option(
            names = "--mlflow",
            paramLabel = "URI",
            description = "Send the recipe, the metrics and where the model lies to this MLflow tracking server, for"
                    + " example http://host:5000. MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
                    + " MLFLOW_TRACKING_TOKEN, are used if they are set.")
    String server;

    @Option(
            names = "--experiment",
            paramLabel = "NAME",
            defaultValue = "resnet-spark",
            description = "MLflow's experiment, made if there is none of that name. Default: ${DEFAULT-VALUE}.")
    String experiment;

    /** @throws BadInputException if a server was named that cannot be one */
    void check() {
        if (server != null) {
            RunTracking.requireAddress(server);
        }
    }

    /** Sends what a server lacks of a complete run, if one was named. */
    void send(Path run, Configuration conf) throws IOException {
        if (server != null) {
            try (RunTracking tracking = tracking(run, conf)) {
                tracking.send();
            }
        }
    }

    /** The tracking of a run; null if no server was named. */
    LiveTracking follow(Path run, Configuration conf, Progress progress) {
        return server == null ? null : new LiveTracking(tracking(run, conf), progress::say);
    }

    RunTracking tracking(Path run, Configuration conf) {
        if (server == null) {
            throw new BadInputException("No MLflow server is named. Add --mlflow URI, for example http://host:5000.");
        }
        return new RunTracking(new RunTracking.Target(server, experiment), run, conf);
    }
}
