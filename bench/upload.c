/* Uploads one file with dbdyno's own S3 code and checks what the server then has:  upload FILE BUCKET KEY ENDPOINT
 * A process of its own for each upload, as the program that it is compared with. Keys come from the environment. */
#include "base/opt.h"
#include "net/s3.h"

#include <stdio.h>

static const char *environment(const char *name, void *data)
{
	(void)data;
	struct opt_source source = opt_default_source();
	return source.getenv(name, source.data);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	if (argc != 5) {
		fprintf(stderr, "usage: upload FILE BUCKET KEY ENDPOINT\n");
		return 2;
	}
	CLEANUP(s3)
	struct s3 s3 = {
		.bucket = argv[2], .region = "us-east-1", .endpoint = argv[4], .env = { .getenv = environment }
	};
	if (s3_put_file(&s3, argv[3], argv[1], S3_OVERWRITE, NULL, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.message);
	return 1;
}
