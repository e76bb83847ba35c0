package io.resnetspark.dashboard;

import io.resnetspark.dashboard.RunRow.State;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.registry.ModelEvents;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.registry.RegistryEvent.Action;
import io.resnetspark.report.RunProgress;
import java.time.Instant;
import java.util.List;

/** What {@code /metrics} tells of runs, models and datasets. */
final class Figures {
    private Figures() {}

    /** Of the runs, which are labels: of more than these, the newest. */
    static final int MAX_RUNS = 200;

    static void ofRuns(List<RunRow> runs, PrometheusMetrics text) {
        text.gauge("resnet_runs", "Runs in the folder.", runs.size());
        text.gauge(
                "resnet_runs_damaged",
                "Runs that cannot be read.",
                runs.stream().filter(run -> run.state() == State.DAMAGED).count());
        runs.stream()
                .limit(MAX_RUNS)
                .filter(run -> run.progress() != null)
                .forEach(run -> ofRun(run, run.progress(), text));
    }

    private static void ofRun(RunRow run, RunProgress at, PrometheusMetrics text) {
        String[] label = {"run", run.name()};
        text.gauge("resnet_run_running", "1 while it is under way.", run.state() == State.RUNNING ? 1 : 0, label);
        text.gauge("resnet_run_loss", "Mean training cross-entropy of the last round, in nats.", at.loss(), label);
        text.gauge("resnet_run_training_error", "Training error of the last round, 0 to 1.", at.trainingError(), label);
        text.gauge("resnet_run_learning_rate", "Learning rate of the last round.", at.learningRate(), label);
        text.gauge(
                "resnet_run_images_per_second",
                "Images per second of all workers in the last round.",
                at.imagesPerSecond(),
                label);
        text.gauge("resnet_run_rounds", "Rounds that are done.", at.rounds(), label);
        text.gauge("resnet_run_iterations", "Steps of each worker that are done.", at.iterations(), label);
        text.gauge("resnet_run_epochs", "Epochs that are done.", at.epochs(), label);
        text.gauge("resnet_run_progress_ratio", "Share of the training that is done, 0 to 1.", at.share(), label);
        text.gauge("resnet_run_remaining_seconds", "Training time left, estimated.", at.secondsLeft(), label);
        text.gauge(
                "resnet_run_updated_timestamp_seconds",
                "When the metrics were written last.",
                run.updated() / 1e3,
                label);
        text.gauge("resnet_run_top1_error", "Top-1 error of the final model, 0 to 1.", run.top1Error(), label);
    }

    static void ofModels(List<ModelRow> models, PrometheusMetrics text) {
        for (ModelRow model : models) {
            String[] label = {"model", model.name()};
            text.gauge(
                    "resnet_model_versions",
                    "Versions in the registry.",
                    model.versions().size(),
                    label);
            text.gauge(
                    "resnet_model_champion_version",
                    "The version in use.",
                    model.aliases().get(ModelEvents.CHAMPION),
                    label);
            text.gauge(
                    "resnet_model_last_promotion_timestamp_seconds",
                    "When a version was promoted last.",
                    last(model, Action.PROMOTE),
                    label);
            text.gauge(
                    "resnet_model_last_refusal_timestamp_seconds",
                    "When a version was refused last.",
                    last(model, Action.REFUSE),
                    label);
            for (Action action : List.of(Action.PROMOTE, Action.REFUSE, Action.ROLLBACK)) {
                text.counter(
                        "resnet_model_decisions_total",
                        "Promotions, refusals and rollbacks on record.",
                        model.events().stream()
                                .filter(event -> event.action() == action)
                                .count(),
                        "model",
                        model.name(),
                        "action",
                        action.name().toLowerCase(java.util.Locale.ROOT));
            }
        }
    }

    /** Seconds since 1970; null if it never happened. */
    private static Double last(ModelRow model, Action action) {
        return model.events().stream()
                .filter(event -> event.action() == action)
                .map(RegistryEvent::at)
                .reduce((before, after) -> after)
                .map(at -> Instant.parse(at).toEpochMilli() / 1e3)
                .orElse(null);
    }

    static void ofDataset(String name, Dataset dataset, PrometheusMetrics text) {
        if (dataset.quarantined() != null) {
            dataset.quarantined()
                    .forEach((reason, count) -> text.gauge(
                            "resnet_dataset_quarantined_images",
                            "Images in quarantine, by reason.",
                            count,
                            "dataset",
                            name,
                            "reason",
                            reason));
        }
    }
}
