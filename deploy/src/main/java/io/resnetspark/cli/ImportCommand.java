package io.resnetspark.cli;

import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.ModelImport;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "import", description = "Imports weights that PyTorch trained, from a safetensors file.")
final class ImportCommand implements Callable<Integer> {
    private static final int LEVELS = 255;

    @Option(
            names = "--network",
            required = true,
            paramLabel = "NAME",
            description = "What the weights are of. torchvision's resnet50 is resnet50-v1.5 here, and so on.")
    String network;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Safetensors with torchvision's names.")
    String weights;

    @Option(
            names = "--classes",
            required = true,
            paramLabel = "N|FILE",
            description = "How many classes, or a file with a name a line, in the classifier's order.")
    String classes;

    @Option(names = "--output", required = true, paramLabel = "DIR", description = "Where the model goes.")
    String output;

    @Option(
            names = "--rename",
            paramLabel = "OLD=NEW",
            description = "Tensors whose names begin with OLD. are NEW. to torchvision, as in --rename linear=fc; or"
                    + " without it, as in --rename module=.")
    Map<String, String> renames = Map.of();

    @Option(
            names = "--image-size",
            paramLabel = "PIXELS",
            description = "Height and width in pixels. Default: the network's own.")
    Integer imageSize;

    @Option(
            names = "--resize",
            paramLabel = "PIXELS",
            description =
                    "The shorter side that images are resized to before the center crop. Default: 256 for 224, and so on; for CIFAR the image size.")
    Integer resize;

    @Option(
            names = "--mean",
            split = ",",
            arity = "1",
            paramLabel = "R,G,B",
            defaultValue = "0.485,0.456,0.406",
            description = "Mean, 0 to 1. Default: ${DEFAULT-VALUE}, ImageNet's.")
    float[] mean;

    @Option(
            names = "--std",
            split = ",",
            arity = "1",
            paramLabel = "R,G,B",
            defaultValue = "0.229,0.224,0.225",
            description = "Standard deviation, 0 to 1. Default: ${DEFAULT-VALUE}, ImageNet's.")
    float[] std;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Configuration conf = new Configuration();
        Network wanted = network();
        int side = imageSize == null ? wanted.input().height() : imageSize;
        int shorter = resize == null ? side + (side > 64 ? side / 7 : 0) : resize;
        if (side < 1 || side > ModelDescription.LARGEST_CROP || shorter < side) {
            throw new BadInputException("--image-size " + side + " must be 1 to " + ModelDescription.LARGEST_CROP
                    + ", and --resize " + shorter + " must be at least as much.");
        }
        ModelImport imported = new ModelImport(
                wanted.name(),
                classes(conf),
                renames,
                new Crop.CenterCrop(shorter, side),
                Normalization.perChannel(levels("--mean", mean)).withStd(levels("--std", std)));
        spec.commandLine().getOut().println(imported.execute(Locations.of(weights), Locations.of(output), conf));
        return 0;
    }

    private Network network() {
        try {
            return Networks.named(network);
        } catch (IllegalArgumentException unknown) {
            throw new BadInputException(unknown.getMessage(), unknown);
        }
    }

    private List<String> classes(Configuration conf) throws IOException {
        if (classes.matches("-?[0-9]{1,9}")) {
            int count = Integer.parseInt(classes);
            if (count < 1 || count > ModelDescription.MAX_CLASSES) {
                throw new BadInputException(
                        "--classes " + count + " is out of range; wanted 1 to " + ModelDescription.MAX_CLASSES + ".");
            }
            return ModelImport.numberedClasses(count);
        }
        Path file = Locations.of(classes);
        if (!file.getFileSystem(conf).exists(file)
                || file.getFileSystem(conf).getFileStatus(file).isDirectory()) {
            throw new BadInputException("--classes " + classes + " is neither a number nor a file.");
        }
        List<String> names = Utf8.read(file, conf)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        if (names.isEmpty()) {
            throw new BadInputException("--classes " + classes + " names no class; wanted a name a line.");
        }
        return names;
    }

    private static float[] levels(String option, float[] values) {
        boolean shares = values.length == 3;
        for (float value : values) {
            shares &= value >= 0 && value <= 1;
        }
        if (!shares) {
            throw new BadInputException(option + " takes three values of 0 to 1, red, green and blue, not "
                    + Arrays.toString(values) + ".");
        }
        return new float[] {LEVELS * values[0], LEVELS * values[1], LEVELS * values[2]};
    }
}
