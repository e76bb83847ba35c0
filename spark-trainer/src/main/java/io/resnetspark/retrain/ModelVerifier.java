package io.resnetspark.retrain;

import io.resnetspark.image.BadImageException;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * The process that tries published bytes: it reads a request from one file and writes its answer to another, both JSON.
 * {@link VerifierProcess} starts it.
 */
public final class ModelVerifier {
    private ModelVerifier() {}

    /**
     * What to predict.
     *
     * @param model path or URI of an artifact
     * @param images paths of encoded images
     */
    record Request(String model, List<String> images) {}

    /**
     * What was predicted.
     *
     * @param predictions the most probable class of each image, in the order of the request
     */
    record Answer(List<ImageClassifier.Prediction> predictions) {}

    /** @param files the request's, and the answer's */
    public static void main(String[] files) throws IOException, BadImageException {
        Request request = Json.COMPACT.readValue(Files.readAllBytes(Path.of(files[0])), Request.class);
        Files.write(Path.of(files[1]), Json.COMPACT.writeValueAsBytes(answer(request, new Configuration())));
    }

    static Answer answer(Request request, Configuration conf) throws IOException, BadImageException {
        ModelArtifact artifact = ModelArtifact.open(new org.apache.hadoop.fs.Path(request.model()), conf);
        List<ImageClassifier.Prediction> predictions = new ArrayList<>();
        try (ImageClassifier classifier = new ImageClassifier(artifact)) {
            for (String image : request.images()) {
                predictions.add(classifier
                        .classify(Files.readAllBytes(Path.of(image)), 1)
                        .get(0));
            }
        }
        return new Answer(predictions);
    }
}
