"""Mail by a real SMTP server with TLS, and by an HTTPS double of SES that checks signature, schema and limits."""

import email.utils
import hashlib
import hmac
import json
import re
import shutil

import pytest

from conftest import CANARY, Dbdyno
from servers import ACCESS, BUCKET, SECRET, Double, Smtp

FROM, TO = "bot@example.org", "team@example.org"
WHO = ["--mail", f"--mail-from={FROM}", f"--mail-to={TO}"]
ROWS = "<TR><TD>oltp_read_only</TD>\n<TD>12.5</TD>\n</TR>\n<TR><TD>a &lt;b&gt;</TD>\n<TD>1</TD>\n</TR>\n"
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
SENT = {"status": 200, "body": '{"MessageId": "0100-id"}'}


@pytest.fixture(scope="session")
def finished(program, cache, gms, tmp_path_factory):
    """A finished run with two queries, as html; its folder."""
    home = tmp_path_factory.mktemp("finished")
    Dbdyno(program, home, cache, home).ok(
        "compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=1",
        "--table-size=200", "--warmup=0", "--out=result", "--output=html", "--query=select test_name, 'a<b' from to_results",
        "--query=select count(*) from from_results")
    return home / "result"


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "results.html"
    path.write_text(ROWS)
    return path


def parts(message):
    """The two alternatives: text, html."""
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert not message.defects and not text.defects and not html.defects
    return tuple(part.get_content().replace("\r\n", "\n") for part in (text, html))


def test_a_run_is_mailed_with_starttls_and_a_password_from_a_file(dbdyno, finished, tmp_path):
    password = tmp_path / "password"
    password.write_text(CANARY + "\n")
    with Smtp(tmp_path / "smtp", user="bot", password=CANARY) as smtp:
        done = dbdyno.ok("notify", *WHO[:1], "--mail-from=Bänch, Bot <bot@example.org>", "--mail-to=Ünï <team@example.org>",
                         "--mail-to=b@example.org", "--mail-cc=c@example.org", "--mail-reply-to=answers@example.org", "--run", finished,
                         "--bucket=results", "--results-dir=2026/11/22", "--results-prefix=nightly/a b", "--smtp-user=bot",
                         "--smtp-password-file", password, *smtp.flags(), GITHUB_SERVER_URL="https://github.com",
                         GITHUB_REPOSITORY="owner/name", GITHUB_RUN_ID="42")
        ((envelope, message),) = smtp.mails()
    assert envelope == {"from": FROM, "to": [TO, "b@example.org", "c@example.org"], "tls": True, "user": "bot"}
    text, html = parts(message)
    assert message["From"] == '"Bänch, Bot" <bot@example.org>' and message["To"] == "Ünï <team@example.org>, b@example.org"
    assert message["Cc"] == "c@example.org" and message["Reply-To"] == "answers@example.org"
    assert "gms" in message["Subject"] and message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", message["Message-ID"])
    assert email.utils.parsedate_to_datetime(message["Date"]) is not None
    headline, *_ = text.splitlines()
    assert "(95 % interval)" in headline and headline.endswith(".")  # the verdict comes first
    for part in (text, html):
        assert "oltp_point_select" in part and "Query 1" in part and "Query 2" in part and "95 % interval" in part
        assert "https://github.com/owner/name/actions/runs/42" in part
        assert "s3://results/2026/11/22/nightly/a b/report.html" in part and "nightly/a%20b/report.html" in part
    assert "a<b" in text and "a&lt;b" in html and "<table" in html and 'style="' in html
    assert "<script" not in html and "<style" not in html and "<link" not in html
    assert f'mailed "{message["Subject"]}" to' in done.stderr and CANARY not in done.stderr + done.stdout


def test_tls_from_the_first_byte_and_a_password_from_the_environment(dbdyno, rows, tmp_path):
    with Smtp(tmp_path / "smtp", tls="implicit", user="bot", password=CANARY) as smtp:
        dbdyno.ok("notify", *WHO, "--results", rows, "--results-version=1.2.3", "--smtp-user=bot", *smtp.flags(), DBDYNO_SMTP_PASSWORD=CANARY)
        ((envelope, message),) = smtp.mails()
    assert envelope["tls"] and envelope["user"] == "bot"
    text, html = parts(message)
    assert message["Subject"] == "Benchmark results of 1.2.3"
    assert "oltp_read_only  12.5\na <b>              1\n" in text and "a &lt;b&gt;</td>" in html


def test_the_recipient_comes_from_the_environment_and_a_text_stands_first(dbdyno, tmp_path):
    (tmp_path / "results.md").write_text("| test | n |\n|------|---|\n| a    | 1 |\n")
    (tmp_path / "intro.md").write_text("# Please read\n")
    with Smtp(tmp_path / "smtp", tls="none") as smtp:  # plain: it is this machine's, and there is no password
        dbdyno.ok("notify", "--mail", f"--mail-from={FROM}", "--results", tmp_path / "results.md", "--mail-subject=▲ schön", "--mail-body-file",
                  tmp_path / "intro.md", *smtp.flags(), ACTOR_EMAIL="actor@example.org")
        ((envelope, message),) = smtp.mails()
    assert envelope == {"from": FROM, "to": ["actor@example.org"], "tls": False, "user": None}
    assert message["Subject"] == "▲ schön"
    assert parts(message)[0] == "Please read\n-----------\n\n▲ schön\n\ntest  n\na     1\n"


def test_results_come_from_the_bucket_as_rows_or_as_a_whole_run(dbdyno, finished, s3, tmp_path):
    folder = s3.objects / BUCKET / "mail"
    folder.mkdir()
    (folder / "results.log").write_text(ROWS)
    shutil.copy(finished / "results.db", folder / "results.db")
    where = ["--endpoint", s3.endpoint, "--region=us-east-1"]
    with Smtp(tmp_path / "smtp", tls="none") as smtp:
        for name in ("results.log", "results.db"):
            dbdyno.ok("notify", *WHO, "--results", f"s3://{BUCKET}/mail/{name}", *where, *smtp.flags(), **s3.credentials())
        (_, rows), (_, run) = smtp.mails()
        for name, why in (("nothing", "nothing"), ("", "key")):
            dbdyno.fails(6 if name else 2, why, "notify", *WHO, "--results", f"s3://{BUCKET}/{name}", *where, *smtp.flags(), **s3.credentials())
        assert len(smtp.mails()) == 2
    assert "oltp_read_only  12.5" in parts(rows)[0] and f"s3://{BUCKET}/mail/results.log" in parts(rows)[0]
    assert "oltp_point_select" in parts(run)[0] and "What was compared" in parts(run)[1]


REFUSALS = [
    ("wrong password", {"user": "bot", "password": "other"}, "the server refused the user bot: 535", 0),
    ("one of two recipients", {"rcpt": {TO: "550 5.1.1 no such user"}}, f"the server refused the recipient {TO}: 550 5.1.1 no such user", 0),
    ("the sender", {"mail": ["553 5.1.8 not you"]}, f"the server refused the sender {FROM}: 553 5.1.8 not you", 0),
    ("the message", {"data": ["554 5.7.1 spam"]}, "the server refused the mail: 554 5.7.1 spam", 0),
    ("later, three times", {"data": ["451 4.3.0 later"]}, "after 3 attempts: the server refused the mail: 451 4.3.0 later", 0),
    ("later, once", {"data": ["451 4.3.0 later", "250 OK"]}, None, 1),
    ("too busy, once", {"mail": ["421 4.3.2 too busy", "250 OK"]}, None, 1),
    ("expired certificate", {"expired": True}, "certificate", 0),
    ("ends in the message", {"end": "message"}, "the connection ended while the mail was sent", 0),
    ("ends without a reply", {"end": "accepted"}, "it may have been accepted", 1),
    ("no farewell", {"end": "quit"}, None, 1),
]


@pytest.mark.parametrize("options,text,mails", [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_what_an_smtp_server_may_do(dbdyno, rows, tmp_path, options, text, mails):
    user = ["--smtp-user=bot"] if "user" in options else []
    secret = {"DBDYNO_SMTP_PASSWORD": CANARY} if user else {}
    with Smtp(tmp_path / "smtp", **options) as smtp:
        args = ["notify", *WHO, "--mail-to=other@example.org", "--results", rows, *user, *smtp.flags()]
        done = dbdyno.fails(6, text, *args, timeout=60, **secret) if text else dbdyno.ok(*args, timeout=60, **secret)
        assert len(smtp.mails()) == mails
    assert CANARY not in done.stderr
    if text:
        assert "mailed" not in done.stderr


def test_a_server_without_tls_or_with_another_certificate_gets_no_password(dbdyno, rows, tmp_path):
    for options, flags in (({"tls": "none"}, []), ({}, []), ({"tls": "implicit"}, [])):
        folder = tmp_path / f"smtp-{options.get('tls')}"
        with Smtp(folder, user="bot", password=CANARY, **options) as smtp:
            done = dbdyno.fails(6, "TLS" if options.get("tls") == "none" else "certificate", "notify", *WHO, "--results", rows, "--smtp", smtp.url,
                                "--smtp-user=bot", *flags, DBDYNO_SMTP_PASSWORD=CANARY)
            assert smtp.mails() == [] and CANARY not in done.stderr


def test_nobody_answers(dbdyno, rows):
    dbdyno.fails(6, "after 3 attempts", "notify", *WHO, "--results", rows, "--smtp=smtp://no-such-host.invalid")
    dbdyno.fails(6, "mail by smtps://127.0.0.1:1", "notify", *WHO, "--results", rows, "--smtp=smtps://127.0.0.1:1")


SMTP = "--smtp=smtp://localhost"
BAD = [
    (["--mail"], ["--mail-from: whose", "--mail-to: who", "--run: of which run"]),
    ([*WHO, f"--mail-cc={TO}\nBcc: x@y", SMTP], ["--mail-cc"]),
    ([*WHO, "--mail-subject=a\nBcc: x@y", SMTP], ["--mail-subject"]),
    (["--mail", "--mail-from=bot", f"--mail-to={TO}", SMTP], ["\"bot\" is not a mail address"]),
    (["--mail", f"--mail-from={FROM}", "--mail-to=a@b, c@d", SMTP], ["a@b, c@d"]),
    ([*WHO, *[f"--mail-to=a{i}@example.org" for i in range(50)], SMTP], ["51 recipients"]),
    ([*WHO, f"--smtp-password={CANARY}", SMTP], ["--smtp-password"]),
    ([*WHO, SMTP, "--smtp-user=bot"], ["an SMTP user needs a password"]),
    ([*WHO, SMTP, "--smtp-user=bot", "--smtp-password-file=/nowhere"], ["/nowhere"]),
    ([*WHO, SMTP, "--smtp-user=bot", "--smtp-password-file=rows", "--smtp-insecure"], ["never sent without TLS"]),
    ([*WHO, "--smtp=smtps://localhost", "--smtp-insecure"], ["smtps:// is TLS"]),
    ([*WHO, "--smtp=http://localhost"], ["smtp://"]),
    ([*WHO, f"--smtp=smtp://bot:{CANARY}@localhost"], ["user name or password"]),
    ([*WHO, "--smtp=smtp://localhost/path"], ["more than a host and a port"]),
    ([*WHO, SMTP, "--ses-template=x"], ["--smtp contradicts --ses-template"]),
    ([*WHO, "--ses-template=a b"], ["\"a b\" is not the name of an SES template"]),
    ([*WHO, "--ses-endpoint=http://example.org"], ["not https"]),
    ([*WHO, "--smtp-user=bot"], ["need --smtp"]),
    ([*WHO, SMTP, "--workflow-url=javascript:alert(1)"], ["--workflow-url"]),
    (["--results=rows"], ["need --mail", "nothing to do"]),
    ([*WHO, SMTP, "--run=."], ["--run and --results contradict"]),
]


@pytest.mark.parametrize("flags,texts", BAD, ids=[" ".join(b[0])[-40:] for b in BAD])
def test_bad_options_are_told_at_once(dbdyno, rows, flags, texts):
    results = [] if flags == ["--mail"] else ["--results=results.html"]
    if flags == ["--results=rows"]:
        flags = []
    (dbdyno.home / "rows").write_text("password")
    done = dbdyno.fails(2, texts[0], "notify", *results, *flags)
    assert all(text in done.stderr for text in texts) and CANARY not in done.stderr


# SES


def check_signature(request, region="eu-west-1"):
    """Signature Version 4, computed anew from what came."""
    headers = request["headers"]
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
                         headers["authorization"])
    key_id, day, in_region, service, names, signature = match.groups()
    assert (key_id, in_region, service) == (ACCESS, region, "ses") and headers["x-amz-date"].startswith(day)
    assert {"host", "content-type", "x-amz-date"} <= set(names.split(";"))
    canonical = "\n".join([request["method"], request["target"], "", *[f"{n}:{headers[n]}" for n in names.split(";")], "", names,
                           hashlib.sha256(request["body"].encode()).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/ses/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    secret = ("AWS4" + SECRET).encode()
    for part in (day, region, "ses", "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    assert hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() == signature


def check_schema(body):
    """The members of SendEmail that exist, and SES's limits."""
    allowed = {"FromEmailAddress", "Destination", "ReplyToAddresses", "Content"}
    assert set(body) <= allowed and set(body["Destination"]) <= {"ToAddresses", "CcAddresses", "BccAddresses"}
    recipients = [a for addresses in body["Destination"].values() for a in addresses]
    assert 1 <= len(recipients) <= 50
    for address in [body["FromEmailAddress"], *recipients, *body.get("ReplyToAddresses", [])]:
        assert address.isascii() and "\n" not in address and "\r" not in address
    (kind, content), = body["Content"].items()
    if kind == "Template":
        assert set(content) == {"TemplateName", "TemplateData"} and len(content["TemplateData"]) <= 262144
        assert all(isinstance(v, str) for v in json.loads(content["TemplateData"]).values())
    else:
        assert kind == "Simple" and set(content) == {"Subject", "Body"} and set(content["Body"]) == {"Text", "Html"}
        assert all(set(c) == {"Data", "Charset"} and c["Charset"] == "UTF-8" for c in (content["Subject"], *content["Body"].values()))
    return content


def ses_flags(double):
    return ["--ses-endpoint", double.url, "--ca-file", double.ca, "--region=eu-west-1"]


def sent_to(double):
    requests = double.requests()
    for request in requests:
        assert (request["method"], request["target"]) == ("POST", "/v2/email/outbound-emails")
        assert request["headers"]["content-type"] == "application/json"
        check_signature(request)
        check_schema(json.loads(request["body"]))
    return [json.loads(request["body"]) for request in requests]


def test_todays_mail_is_one_command(dbdyno, s3, tmp_path):
    """Get the object, fill the team's template with it, send it to the one recipient."""
    (s3.objects / BUCKET / "results.log").write_text(ROWS)
    with Double(tmp_path / "ses", SENT) as ses:
        dbdyno.ok("notify", *WHO, "--results", f"s3://{BUCKET}/results.log", "--endpoint", s3.endpoint, "--ses-template=LatencyReport",
                  "--results-version=1.2.3", "--noms-bin-format=__DOLT__", "--workflow-url=https://github.com/x/y", "--region=us-east-1", "--ses-region=eu-west-1",
                  *ses_flags(ses)[:-1], **s3.credentials())
        (body,) = sent_to(ses)
    assert body["FromEmailAddress"] == FROM and body["Destination"] == {"ToAddresses": [TO]}
    assert body["Content"]["Template"]["TemplateName"] == "LatencyReport"
    assert json.loads(body["Content"]["Template"]["TemplateData"]) == {
        "version": "1.2.3", "format": "__DOLT__", "results": ROWS, "workflowURL": "https://github.com/x/y",
        "subject": "Benchmark results of 1.2.3", "body": ""}


def test_a_run_is_mailed_by_ses_without_a_template(dbdyno, finished, tmp_path):
    with Double(tmp_path / "ses", SENT) as ses:
        done = dbdyno.ok("notify", *WHO[:1], "--mail-from=Bänch <bot@example.org>", f"--mail-to={TO}", "--mail-cc=c@example.org",
                         "--mail-reply-to=r@example.org", "--run", finished, "--verbose", *ses_flags(ses), **KEYS)
        (body,) = sent_to(ses)
    assert body["Destination"]["CcAddresses"] == ["c@example.org"] and body["ReplyToAddresses"] == ["r@example.org"]
    assert body["FromEmailAddress"] == "=?UTF-8?B?QsOkbmNo?= <bot@example.org>"
    simple = body["Content"]["Simple"]
    assert "oltp_point_select" in simple["Body"]["Text"]["Data"] and "<table" in simple["Body"]["Html"]["Data"]
    assert "0100-id" in done.stderr and SECRET not in done.stderr


def test_ses_with_web_identity(dbdyno, rows, tmp_path):
    token = tmp_path / "token"
    token.write_text(CANARY + "-web\n")
    reply = ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>" + ACCESS + "</AccessKeyId><SecretAccessKey>" +
             SECRET + "</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
             "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
    with Double(tmp_path / "sts", {"status": 200, "body": reply}, SENT) as double:
        dbdyno.ok("notify", *WHO, "--results", rows, *ses_flags(double), AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::1:role/r",
                  AWS_ENDPOINT_URL_STS=double.url)
        assumed, sent = double.requests()
    assert CANARY + "-web" in assumed["body"] and sent["headers"]["x-amz-security-token"] == "session"
    check_signature(sent)


def error(status, kind, message="because"):
    return {"status": status, "headers": {"x-amzn-ErrorType": kind + ":http://internal"}, "body": json.dumps({"message": message})}


SES_REPLIES = [
    ("400", [error(400, "MessageRejected", "Email address is not verified")], 1, "SES said 400 MessageRejected: Email address is not verified", "verified"),
    ("400 bad request", [error(400, "BadRequestException")], 1, "SES said 400 BadRequestException: because", ""),
    ("403", [error(403, "AccessDeniedException")], 1, "SES said 403 AccessDeniedException", "ses:SendEmail"),
    ("404", [error(404, "NotFoundException", "Template T does not exist")], 1, "Template T does not exist", "kept in this region"),
    ("429 once", [error(429, "TooManyRequestsException"), SENT], 2, None, ""),
    ("429 three times", [error(429, "TooManyRequestsException")] * 3, 3, "after 3 attempts: SES said 429 TooManyRequestsException", ""),
    ("400 throttling", [error(400, "ThrottlingException"), SENT], 2, None, ""),
    ("500 is not sent again", [error(500, "InternalFailure")], 1, "SES said 500 InternalFailure", "may have been accepted"),
    ("503 is not sent again", [{"status": 503}], 1, "SES said 503", "may have been accepted"),
    ("a lost reply is not sent again", [{"no_reply": True, "then": "reset"}], 1, "mail by SES: POST localhost", "may have been accepted"),
    ("200 without an id", [{"status": 200, "body": "{}"}], 1, "no MessageId", "may have been accepted"),
]


@pytest.mark.parametrize("steps,requests,text,hint", [r[1:] for r in SES_REPLIES], ids=[r[0] for r in SES_REPLIES])
def test_what_ses_may_say(dbdyno, rows, tmp_path, steps, requests, text, hint):
    with Double(tmp_path / "ses", *steps) as ses:
        args = ["notify", *WHO, "--results", rows, "--ses-template=T", *ses_flags(ses)]
        done = dbdyno.fails(6, text, *args, **KEYS) if text else dbdyno.ok(*args, **KEYS)
        assert len(sent_to(ses)) == requests
    assert hint in done.stderr and SECRET not in done.stderr and ("mailed" in done.stderr) == (text is None)


def test_limits_and_credentials_stop_a_mail_before_ses(dbdyno, tmp_path):
    (tmp_path / "large.html").write_text("<TR><TD>" + "x" * 262144 + "</TD></TR>")
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    with Double(tmp_path / "ses") as ses:
        flags = ["notify", *WHO, *ses_flags(ses)]
        dbdyno.fails(6, "SES takes at most 262144", *flags, "--results=large.html", "--ses-template=T", **KEYS)
        dbdyno.fails(2, "neither text nor a results.db", *flags, "--results=binary", **KEYS)
        (tmp_path / "huge").write_text("x" * ((8 << 20) - 1))
        dbdyno.fails(6, "a mail of", *flags, "--results=huge", **KEYS)
        (tmp_path / "huge").write_text("x" * ((8 << 20) + 1))
        dbdyno.fails(1, "huge", *flags, "--results=huge", **KEYS)
        (tmp_path / "small").write_text("x")
        dbdyno.fails(6, "no AWS credentials", *flags, "--results=small", AWS_EC2_METADATA_DISABLED="true")
        assert ses.requests() == []


def test_a_failed_dispatch_does_not_keep_the_mail_back(dbdyno, finished, tmp_path):
    with Smtp(tmp_path / "smtp", tls="none") as smtp, Double(tmp_path / "github", {"status": 401}) as github:
        dbdyno.fails(6, "GitHub said 401", "notify", *WHO, "--run", finished, *smtp.flags(), "--dispatch-repository=owner/name", "--github-api",
                     github.url, "--ca-file", github.ca, REPO_ACCESS_TOKEN=CANARY)
        assert len(smtp.mails()) == 1
