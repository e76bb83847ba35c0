package io.resnetspark.tracking;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.report.MetricScalars;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;

/**
 * A run on an MLflow server. The server's own state says what it lacks, so that nothing is sent twice, whoever sends it
 * and however often: a process that trains, one that resumes it, or {@code resnet track} afterwards.
 */
public final class RunTracking implements Closeable {
    /** By which a run is found again on the server. */
    static final String IDENTITY = "resnet.run";

    private final MlflowServer server;
    private final String experiment;
    private final Path run;
    private final Configuration conf;

    /**
     * Where a run is tracked.
     *
     * @param server as MLFLOW_TRACKING_URI, for example {@code http://host:5000}
     * @param experiment is made if there is none of that name
     */
    public record Target(String server, String experiment) {}

    /**
     * Tracks a run.
     *
     * @param run its directory, complete or not
     * @throws BadInputException if the server's address is none
     */
    public RunTracking(Target target, Path run, Configuration conf) {
        this.server = new MlflowServer(target.server());
        this.experiment = target.experiment();
        this.run = run;
        this.conf = conf;
    }

    /** @throws BadInputException if this is no address of a server */
    public static void requireAddress(String server) {
        new MlflowServer(server).close();
    }

    /**
     * Sends what the server lacks.
     *
     * @return how many values that were, over all metrics
     * @throws BadInputException if there is no run
     * @throws IOException if the server does not answer or refuses
     */
    public int send() throws IOException {
        RunSnapshot snapshot = RunSnapshot.of(run, conf);
        if (snapshot.lines().isEmpty()) {
            return 0;
        }
        Run tracked = tracked(snapshot);
        String id = tracked.getInfo().getRunId();
        List<Metric> metrics = missing(snapshot, tracked);
        Map<String, String> parameters = new LinkedHashMap<>(snapshot.recipe());
        tracked.getData().getParamsList().stream().map(Param::getKey).forEach(parameters.keySet()::remove);
        boolean ended = tracked.getInfo().getStatus() != RunStatus.RUNNING;
        if (snapshot.model().isEmpty() && ended && !metrics.isEmpty()) { // it was resumed
            server.setStatus(id, RunStatus.RUNNING, Optional.empty());
        }
        boolean complete = snapshot.model().isPresent() && tracked.getInfo().getStatus() != RunStatus.FINISHED;
        server.log(id, metrics, parameters, complete ? tags(snapshot) : Map.of());
        if (complete) {
            server.setStatus(
                    id, RunStatus.FINISHED, Optional.of(millis(snapshot.last().unixSeconds())));
        }
        return metrics.size();
    }

    /** Says that a run ended before its end; a later {@link #send} of more rounds sets it running again. */
    void failed() throws IOException {
        RunSnapshot snapshot = RunSnapshot.of(run, conf);
        if (!snapshot.lines().isEmpty() && snapshot.model().isEmpty()) {
            server.setStatus(
                    tracked(snapshot).getInfo().getRunId(),
                    RunStatus.FAILED,
                    Optional.of(millis(snapshot.last().unixSeconds())));
        }
    }

    /**
     * Makes the run's model a version of a registered one.
     *
     * @return the version
     * @throws BadInputException if the run is not complete
     */
    public String register(String name) throws IOException {
        RunSnapshot snapshot = RunSnapshot.of(run, conf);
        if (snapshot.model().isEmpty() || snapshot.lines().isEmpty()) {
            throw new BadInputException(snapshot.run() + " is not complete: it has no model to register yet.");
        }
        String model = snapshot.artifact().toString();
        return server.register(name, model, tracked(snapshot).getInfo().getRunId());
    }

    private Run tracked(RunSnapshot snapshot) throws IOException {
        String number = server.experiment(experiment);
        Optional<Run> known = server.find(number, IDENTITY, snapshot.identity());
        if (known.isPresent()) {
            return known.get();
        }
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(IDENTITY, snapshot.identity());
        tags.put("resnet.path", snapshot.run().toString());
        tags.put("mlflow.source.type", "JOB");
        tags.put("mlflow.source.name", "resnet-spark");
        tags.put("mlflow.user", System.getProperty("user.name"));
        return server.create(
                number, snapshot.name(), millis(snapshot.lines().get(0).unixSeconds()), tags);
    }

    /** What is later than the last value of its metric on the server. */
    private static List<Metric> missing(RunSnapshot snapshot, Run tracked) {
        Map<String, Metric> last = new HashMap<>();
        tracked.getData().getMetricsList().forEach(metric -> last.put(metric.getKey(), metric));
        List<Metric> missing = new ArrayList<>();
        for (MetricScalars line : snapshot.lines()) {
            line.values().forEach((name, value) -> {
                Metric metric = metric(name, value, line);
                if (!last.containsKey(name) || isLater(metric, last.get(name))) {
                    missing.add(metric);
                }
            });
        }
        snapshot.model()
                .ifPresent(model -> results(model, snapshot.last()).stream()
                        .filter(result -> !last.containsKey(result.getKey()))
                        .forEach(missing::add));
        return missing;
    }

    /**
     * By step. At one step there may be two evaluations, the second with precise statistics of batch normalisation; a
     * round or an evaluation that was done again after a resume has the value of the first time.
     */
    private static boolean isLater(Metric metric, Metric last) {
        return metric.getStep() > last.getStep()
                || (metric.getStep() == last.getStep()
                        && metric.getKey().startsWith(MetricScalars.EVALUATION)
                        && metric.getTimestamp() > last.getTimestamp()
                        && metric.getValue() != last.getValue());
    }

    private static List<Metric> results(ModelDescription model, MetricScalars last) {
        List<Metric> metrics = new ArrayList<>();
        for (EvaluationResult result : model.results().values()) {
            String prefix = "final/" + result.protocol() + "/";
            metrics.add(metric(prefix + "top1_error", result.top1Error(), last));
            metrics.add(metric(prefix + "top5_error", result.top5Error(), last));
            metrics.add(metric(prefix + "cross_entropy", result.crossEntropy(), last));
        }
        return metrics;
    }

    private static Metric metric(String name, double value, MetricScalars line) {
        return Metric.newBuilder()
                .setKey(name)
                .setValue(value)
                .setStep(line.iteration())
                .setTimestamp(millis(line.unixSeconds()))
                .build();
    }

    private static Map<String, String> tags(RunSnapshot complete) {
        Provenance from = complete.model().orElseThrow().provenance();
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("resnet.model", complete.artifact().toString());
        tags.put("resnet.dataset", String.valueOf(from.dataset()));
        tags.put("resnet.dataset_digest", String.valueOf(from.datasetDigest()));
        tags.put("resnet.version", String.valueOf(from.version()));
        return tags;
    }

    private static long millis(double unixSeconds) {
        return Math.round(unixSeconds * 1e3);
    }

    @Override
    public void close() {
        server.close();
    }
}
