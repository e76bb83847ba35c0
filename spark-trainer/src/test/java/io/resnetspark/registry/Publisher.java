package io.resnetspark.registry;

import io.resnetspark.train.artifact.ModelArtifact;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A process that publishes until it is killed, and writes down each version when it was told its number. */
public final class Publisher {
    private Publisher() {}

    public static void main(String[] arguments) throws Exception {
        Configuration conf = new Configuration();
        ModelArtifact artifact = ModelArtifact.open(new Path(arguments[0]), conf);
        RegisteredModel model = new Registry(new Path(arguments[1]), conf).model("cats");
        java.nio.file.Path log = java.nio.file.Path.of(arguments[2]);
        while (true) {
            String token = UUID.randomUUID().toString();
            int number = model.publish(artifact, ChangeRequest.byHand(token)).number();
            Files.writeString(log, number + " " + token + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
