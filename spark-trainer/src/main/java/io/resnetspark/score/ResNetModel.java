package io.resnetspark.score;

import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.evaluate.EvaluationNetworkFactory;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A model as a stage of Spark ML: a column of encoded images in, columns of classes and probabilities out. Each image is
 * seen by one centre crop, as in the model's evaluation; the model is sent to each executor once for each use.
 *
 * <p>A saved pipeline has the address of the model, not a copy. Artifacts never change.
 *
 * <p>Columns that are added: {@code class} and {@code probability} (float, 0 to 1) of the most probable class,
 * {@code classes} and {@code probabilities} of the {@code topK} most probable ones, {@code features} (floats, what the
 * classifier computes its scores from) if they are wanted, and {@code problem}: why an image could not be scored, else
 * null. An image that could not be scored has null in the others.
 */
public final class ResNetModel extends Transformer implements DefaultParamsWritable {
    private static final long serialVersionUID = 1;

    /** Executors keep the graphs of all these stages beside each other: a job may have several. */
    private static final String SHARED_OWNER = "Spark ML";

    private final String uid;
    private final Param<String> model;
    private final Param<String> inputCol;
    private final IntParam topK;
    private final BooleanParam features;
    private transient Sent sent;

    /** A stage without a model yet; {@link #load} is the usual way. */
    public ResNetModel() {
        this("resnet_" + UUID.randomUUID().toString().substring(0, 12));
    }

    /** @param uid Spark ML's name of this stage */
    public ResNetModel(String uid) {
        this.uid = uid; // parameters take their owner's name when they are made
        this.model = new Param<>(this, "model", "address of an artifact or a run directory");
        this.inputCol = new Param<>(this, "inputCol", "column of encoded images, binary");
        this.features = new BooleanParam(this, "features", "whether to add features; on CPUs");
        this.topK = new IntParam(this, "topK", "most probable classes of an image, 1 or more", ParamValidators.gtEq(1));
        setDefault(inputCol, "content");
        setDefault(topK, 5);
        setDefault(features, false);
    }

    /**
     * A stage with a model: a trained one as it lies on HDFS, or a stage that was saved by {@code write}.
     *
     * @param path an artifact, a run directory, or a saved stage
     * @throws BadInputException if there is neither
     */
    public static ResNetModel load(String path) {
        Configuration conf = SparkSession.active().sparkContext().hadoopConfiguration();
        try {
            Path place = qualified(path, conf);
            return place.getFileSystem(conf).exists(new Path(place, "metadata"))
                    ? read().load(place.toString())
                    : new ResNetModel().setModel(artifact(path, conf).path().toString());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** What Spark ML's pipelines load a saved stage by. */
    public static MLReader<ResNetModel> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    public String uid() {
        return uid;
    }

    // Spark ML finds a stage's parameters by these methods.

    public Param<String> model() {
        return model;
    }

    public Param<String> inputCol() {
        return inputCol;
    }

    public IntParam topK() {
        return topK;
    }

    public BooleanParam features() {
        return features;
    }

    /** @param path an artifact or a run directory */
    public ResNetModel setModel(String path) {
        set(model, path);
        return this;
    }

    /** @param column of encoded images, binary; default content, as Spark's binaryFile reader calls it */
    public ResNetModel setInputCol(String column) {
        set(inputCol, column);
        return this;
    }

    /** @param count most probable classes of an image, 1 or more; default 5 */
    public ResNetModel setTopK(int count) {
        set(topK, count);
        return this;
    }

    /** @param wanted whether to add what the classifier computes its scores from; default false */
    public ResNetModel setFeatures(boolean wanted) {
        set(features, wanted);
        return this;
    }

    /** @throws BadInputException if the column of images is missing or not binary, or one that is added is there */
    @Override
    public StructType transformSchema(StructType schema) {
        String input = getOrDefault(inputCol);
        if (!List.of(schema.fieldNames()).contains(input)) {
            throw new BadInputException("There is no column " + input + ". There are "
                    + String.join(", ", schema.fieldNames()) + "; setInputCol names the column of encoded images.");
        }
        if (!schema.apply(input).dataType().equals(DataTypes.BinaryType)) {
            throw new BadInputException("The column " + input + " is of type "
                    + schema.apply(input).dataType().simpleString() + "; wanted: binary, the bytes of image files.");
        }
        for (String added : added().fieldNames()) {
            if (Stream.of(schema.fieldNames()).anyMatch(added::equalsIgnoreCase)) { // to Spark SQL they are the same
                throw new BadInputException("There is a column " + added + " already. Rename it first.");
            }
        }
        StructType with = schema;
        for (var field : added().fields()) {
            with = with.add(field);
        }
        return with;
    }

    private StructType added() {
        StructType columns = new StructType()
                .add("class", DataTypes.StringType)
                .add("probability", DataTypes.FloatType)
                .add("classes", DataTypes.createArrayType(DataTypes.StringType))
                .add("probabilities", DataTypes.createArrayType(DataTypes.FloatType));
        return (wantsFeatures() ? columns.add("features", DataTypes.createArrayType(DataTypes.FloatType)) : columns)
                .add("problem", DataTypes.StringType);
    }

    private boolean wantsFeatures() {
        return (Boolean) getOrDefault(features);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> images) {
        StructType schema = transformSchema(images.schema());
        int column = images.schema().fieldIndex(getOrDefault(inputCol));
        Sent sent = sent(images.sparkSession().sparkContext());
        ImageScorer scorer = new ImageScorer(
                sent.artifact.preprocessing(),
                sent.artifact.description().classes(),
                (Integer) getOrDefault(topK),
                wantsFeatures());
        EvaluationNetworkFactory factory = new EvaluationNetworkFactory(sent.factory, SHARED_OWNER, wantsFeatures());
        Broadcast<FloatBlock> parameters = sent.parameters;
        MapPartitionsFunction<Row, Row> score =
                rows -> new ScoredRows(rows, column, factory, parameters.value(), scorer);
        return images.toDF().mapPartitions(score, Encoders.row(schema));
    }

    /** The model, which is sent once for all uses of this stage. */
    private synchronized Sent sent(SparkContext context) {
        if (!isSet(model)) {
            throw new BadInputException(
                    "This stage has no model. Make it by ResNetModel.load(path), or setModel(path).");
        }
        String path = $(model) + (wantsFeatures() ? " with features" : "");
        if (sent == null || sent.context != context || !sent.path.equals(path)) {
            try {
                sent = Sent.of(context, artifact($(model), context.hadoopConfiguration()), path);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return sent;
    }

    /**
     * A model that executors can have.
     *
     * @param path which one, and how it computes
     * @param factory named by the digest of the model, so that executors never compute with what lay there before
     */
    private record Sent(
            SparkContext context,
            String path,
            ModelArtifact artifact,
            ExecutorNetworks.NetworkFactory factory,
            Broadcast<FloatBlock> parameters) {
        private static Sent of(SparkContext context, ModelArtifact artifact, String path) throws IOException {
            JavaSparkContext spark = JavaSparkContext.fromSparkContext(context);
            Path manifest = new Path(artifact.path(), Manifest.FILE);
            String digest = Digests.of(manifest, context.hadoopConfiguration()).sha256();
            return new Sent(
                    context,
                    path,
                    artifact,
                    artifact.networkFactory(
                            path + " " + digest,
                            ExecutorCores.perWorker(spark, spark.defaultParallelism()),
                            ComputeOptions.AUTO),
                    spark.broadcast(FloatBlock.of(artifact.parameters())));
        }
    }

    private static ModelArtifact artifact(String path, Configuration conf) throws IOException {
        RunFolder run = RunFolder.of(qualified(path, conf));
        if (!run.path().getFileSystem(conf).exists(run.path())) {
            throw new BadInputException(
                    "There is no model at " + run.path() + ". Wanted: an artifact, a run directory, or a saved stage.");
        }
        return ModelArtifact.open(run.isComplete(conf) ? run.model() : run.path(), conf);
    }

    /** As Spark reads paths: one without a scheme is on the cluster's default file system. */
    private static Path qualified(String path, Configuration conf) throws IOException {
        Path given = new Path(path);
        return given.getFileSystem(conf).makeQualified(given);
    }

    @Override
    public ResNetModel copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
