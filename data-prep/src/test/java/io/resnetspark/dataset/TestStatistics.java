package io.resnetspark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.Json;
import org.junit.jupiter.api.Test;

class TestStatistics {
    /** The names and the order of the fields are part of the format of dataset.json. */
    private static final String JSON = "{\"pictures\":3,\"mean\":[1.0],\"deviation\":[2.0],\"covariance\":[[4.0]],"
            + "\"principal_components\":[[2.0]]}";

    @Test
    void jsonFieldsAreThoseOfTheFileFormat() throws Exception {
        Statistics statistics =
                new Statistics(3, new double[] {1}, new double[] {2}, new double[][] {{4}}, new double[][] {{2}});

        assertThat(Json.COMPACT.writeValueAsString(statistics)).isEqualTo(JSON);
        Statistics read = Json.COMPACT.readValue(JSON, Statistics.class);
        assertThat(read.images()).isEqualTo(3);
        assertThat(read.std()).containsExactly(2);
    }
}
