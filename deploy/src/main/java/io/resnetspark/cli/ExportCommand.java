package io.resnetspark.cli;

import io.resnetspark.registry.ModelReference;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "export", description = "Exports a model as ONNX or safetensors.")
final class ExportCommand implements Callable<Integer> {
    /** Who reads it. */
    enum Format {
        /** ONNX Runtime and its like: network and weights. */
        ONNX,
        /** PyTorch and its like: weights with torchvision's names. */
        SAFETENSORS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
    String model;

    @Option(names = "--format", paramLabel = "FORMAT", required = true, description = "${COMPLETION-CANDIDATES}.")
    Format format;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "The file to be written.")
    String output;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Configuration conf = new Configuration();
        Path file = NewOutput.of(output, "--output", conf);
        FileSystem files = AtomicDirectory.fileSystem(file, conf);
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        Path draft = file.suffix(".writing-" + UUID.randomUUID());
        try {
            write(artifact, files, draft);
            if (!files.rename(draft, file)) {
                throw new IOException(file + " could not be written: another one appeared meanwhile");
            }
        } finally {
            files.delete(draft, false); // only after a failure is there anything
        }
        spec.commandLine().getOut().println(file);
        return 0;
    }

    private void write(ModelArtifact artifact, FileSystem files, Path to) throws IOException {
        try (OutputStream out = new BufferedOutputStream(files.create(to, false))) {
            switch (format) {
                case ONNX -> artifact.writeOnnx(out);
                case SAFETENSORS -> artifact.writeSafetensors(out);
            }
        }
    }
}
