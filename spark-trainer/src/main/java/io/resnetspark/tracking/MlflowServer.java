package io.resnetspark.tracking;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;

/** A tracking server, as mlflow-client speaks to it. User and password come from MLflow's own environment variables. */
final class MlflowServer implements Closeable {
    /** The limits of a request are MLflow's (REST API, "Log Batch"); values of parameters are as long as in its first versions. */
    private static final int METRICS = 1000;

    private static final int PARAMETERS = 100;
    private static final int LONGEST_VALUE = 500;

    private final String uri;
    private final MlflowClient client;

    /** @param uri as MLFLOW_TRACKING_URI, for example {@code http://host:5000} */
    MlflowServer(String uri) {
        this.uri = uri;
        try {
            this.client = new MlflowClient(uri);
        } catch (RuntimeException unfit) {
            throw new BadInputException(
                    uri + " is not the address of an MLflow server (" + unfit.getMessage()
                            + "). Wanted: something like http://host:5000.",
                    unfit);
        }
    }

    /** The number of an experiment, which is made if there is none of that name. */
    String experiment(String name) throws IOException {
        return call(() -> client.getExperimentByName(name)
                .map(found -> found.getExperimentId())
                .orElseGet(() -> client.createExperiment(name)));
    }

    /** The run that was created with a tag. */
    Optional<Run> find(String experiment, String tag, String value) throws IOException {
        String filter = "tags.\"" + tag + "\" = '" + value + "'";
        return call(() -> client.searchRuns(List.of(experiment), filter, ViewType.ACTIVE_ONLY, 1).getItems().stream()
                .findFirst());
    }

    Run create(String experiment, String name, long startMillis, Map<String, String> tags) throws IOException {
        CreateRun.Builder run = CreateRun.newBuilder()
                .setExperimentId(experiment)
                .setRunName(name)
                .setStartTime(startMillis);
        tags.forEach((key, value) -> run.addTags(RunTag.newBuilder().setKey(key).setValue(value)));
        return call(() -> client.getRun(client.createRun(run.build()).getRunId()));
    }

    /** In as many requests as it takes. */
    void log(String run, List<Metric> metrics, Map<String, String> parameters, Map<String, String> tags)
            throws IOException {
        for (List<Metric> batch : batches(metrics, METRICS)) {
            send(run, batch, List.of(), List.of());
        }
        for (List<Map.Entry<String, String>> batch : batches(List.copyOf(parameters.entrySet()), PARAMETERS)) {
            send(run, List.of(), batch.stream().map(MlflowServer::parameter).toList(), List.of());
        }
        if (!tags.isEmpty()) {
            send(
                    run,
                    List.of(),
                    List.of(),
                    tags.entrySet().stream().map(MlflowServer::tag).toList());
        }
    }

    private static <T> List<List<T>> batches(List<T> all, int size) {
        return IntStream.iterate(0, from -> from < all.size(), from -> from + size)
                .mapToObj(from -> all.subList(from, Math.min(all.size(), from + size)))
                .toList();
    }

    private void send(String run, List<Metric> metrics, List<Param> parameters, List<RunTag> tags) throws IOException {
        call(() -> {
            client.logBatch(run, metrics, parameters, tags);
            return null;
        });
    }

    private static Param parameter(Map.Entry<String, String> value) {
        String text = value.getValue();
        String shown = text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE - 3) + "...";
        return Param.newBuilder().setKey(value.getKey()).setValue(shown).build();
    }

    private static RunTag tag(Map.Entry<String, String> tag) {
        return RunTag.newBuilder().setKey(tag.getKey()).setValue(tag.getValue()).build();
    }

    void setStatus(String run, RunStatus status, Optional<Long> endMillis) throws IOException {
        Map<String, Object> update = endMillis.isPresent()
                ? Map.of("run_id", run, "status", status.name(), "end_time", endMillis.get())
                : Map.of("run_id", run, "status", status.name());
        call(() -> client.sendPost("runs/update", Json.COMPACT.writeValueAsString(update)));
    }

    /** The version of a registered model, which is made if there is none of this run and source. */
    String register(String name, String source, String run) throws IOException {
        Optional<ModelVersion> known =
                call(() -> client.searchModelVersions("run_id = '" + run + "'").getItems().stream()
                        .filter(version -> version.getName().equals(name)
                                && version.getSource().equals(source))
                        .findFirst());
        if (known.isPresent()) {
            return known.get().getVersion();
        }
        call(() -> {
            try {
                return client.getRegisteredModel(name);
            } catch (MlflowHttpException missing) {
                if (missing.getStatusCode() != 404) {
                    throw missing;
                }
                return client.sendPost(
                        "registered-models/create", Json.COMPACT.writeValueAsString(Map.of("name", name)));
            }
        });
        String created = call(() -> client.sendPost(
                "model-versions/create",
                Json.COMPACT.writeValueAsString(Map.of("name", name, "source", source, "run_id", run))));
        return Json.COMPACT
                .readTree(created)
                .path("model_version")
                .path("version")
                .asText();
    }

    /** @throws TrackingServerException in the server's words */
    private <T> T call(Callable<T> request) throws IOException {
        try {
            return request.call();
        } catch (MlflowHttpException refused) {
            throw new TrackingServerException(
                    "The MLflow server at " + uri + " answered " + refused.getStatusCode() + ": "
                            + (refused.getBodyMessage() == null ? refused.getReasonPhrase() : refused.getBodyMessage()),
                    refused);
        } catch (Exception failed) { // of the network
            throw new TrackingServerException(
                    "The MLflow server at " + uri + " does not answer: " + failed.getMessage(), failed);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
