package io.resnetspark.train;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The artifact that a run ends with: weights, how good they are, and where they come from. */
record FinalModel(TrainingSetup setup, RunFolder folder) {
    private static final Logger LOG = LoggerFactory.getLogger(FinalModel.class);

    /**
     * Writes it, whole or not at all.
     *
     * @param results of the last evaluation, one for each protocol
     * @param metrics of the whole run, a JSON object a line
     * @return where it is
     */
    Path write(RunState last, List<EvaluationResult> results, String metrics) throws IOException {
        Recipe recipe = setup.recipe();
        Dataset.Opened data = setup.data();
        setup.graph().assignParameters(last.training().parameters());
        ModelDescription description = ModelDescription.of(
                recipe.network(),
                data.dataset().classes(),
                ModelArtifact.evaluation(
                        recipe.data().evaluation(), setup.evaluation().normalization()),
                results,
                recipe.initialModel().isGiven() ? recipe.initialModel().path() : null,
                Provenance.now(
                        data.path().toString(),
                        data.digest(),
                        recipe.seed(),
                        recipe.workers(),
                        setup.plan().threads(),
                        last.seconds(),
                        setup.backend()));
        try (AtomicDirectory draft = folder.draft(folder.model(), setup.conf())) {
            Path model = ArtifactFiles.write(
                    draft,
                    description,
                    NetworkWeights.of(setup.graph()),
                    setup.evaluation().normalization(),
                    recipe.text(),
                    metrics);
            LOG.info(
                    "model {} written after {} rounds, {} s of training",
                    model,
                    last.rounds(),
                    Math.round(last.seconds()));
            return model;
        }
    }
}
