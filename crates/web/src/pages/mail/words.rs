//! The words of the pages behind the links in mails.

use std::borrow::Cow;

use ntt_auth_core::model::FieldError;
use ntt_auth_core::password::{CharacterClass, PasswordPolicy};

use crate::pages::language::Language;

/// A title and what stands below it.
pub(super) struct Say {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

/// A page with one button.
pub(super) struct Ask {
    pub(super) say: Say,
    pub(super) button: &'static str,
}

/// All of them, in one language.
pub(super) struct Words {
    pub(super) verify: Ask,
    pub(super) verified: Say,
    pub(super) confirm: Ask,
    pub(super) moved: Say,
    pub(super) taken: Say,
    pub(super) not_me: Ask,
    pub(super) ended: Say,
    pub(super) ended_and_reset: Say,
    pub(super) ended_after_change: Say,
    pub(super) reset: Ask,
    pub(super) was_reset: Say,
    pub(super) forgot: Ask,
    pub(super) sent: Say,
    /// A link that is not good any more.
    pub(super) closed: Say,
    pub(super) ask_again: &'static str,
    /// Where another link is got if there is no page for it.
    pub(super) ask_there: &'static str,
    pub(super) new_password: &'static str,
    pub(super) email: &'static str,
    pub(super) not_yet: &'static str,
    pub(super) look_below: &'static str,
}

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        }
    }
}

static ENGLISH: Words = Words {
    verify: Ask {
        say: Say {
            title: "Verify your email address",
            text: "Press the button to show that the address to which the mail was sent is yours.",
        },
        button: "Verify the address",
    },
    verified: Say {
        title: "Your address is verified",
        text: "Thank you. You can close this page.",
    },
    confirm: Ask {
        say: Say {
            title: "Confirm your new email address",
            text: "Press the button to move your account to the address to which this mail was sent. From then on you sign in \
                   with it, and the old address is told of the change.",
        },
        button: "Use the new address",
    },
    moved: Say {
        title: "Your account has the new address",
        text: "Sign in with it from now on. You can close this page.",
    },
    taken: Say {
        title: "This address is taken",
        text: "Another account has this address by now. Yours has kept the one it had.",
    },
    not_me: Ask {
        say: Say {
            title: "Was this not you?",
            text: "If you do not know the sign-in that the mail tells of, press the button. Every sign-in to your account \
                   ends at once, your own ones too, and you can choose a new password.",
        },
        button: "This was not me",
    },
    ended: Say {
        title: "That sign-in has ended",
        text: "Your account has moved to another address since the mail was sent, so the password cannot be changed \
               here. Ask for a new one at the address your account has now.",
    },
    ended_and_reset: Say {
        title: "Every sign-in has ended",
        text: "Whoever it was knew your password and can sign in again with it. Choose a new one now.",
    },
    ended_after_change: Say {
        title: "Every sign-in has ended",
        text: "Your password was changed after the mail was sent. If that was not you either, ask for a link by which you \
               can choose a new one.",
    },
    reset: Ask {
        say: Say {
            title: "Choose a new password",
            text: "When it is set, every sign-in to your account ends, and you sign in with the new password.",
        },
        button: "Set the password",
    },
    was_reset: Say {
        title: "Your password is set",
        text: "Every sign-in to your account has ended. Sign in with the new password. You can close this page.",
    },
    forgot: Ask {
        say: Say {
            title: "Forgotten your password?",
            text: "Tell us the email address of your account. We send a link there by which you can choose a new password.",
        },
        button: "Send the link",
    },
    sent: Say {
        title: "Look into your mailbox",
        text: "If there is an account with this address, a mail with a link is on its way. The link is good for a short \
               time. If nothing arrives, look among the unwanted mail, and whether the address was right.",
    },
    closed: Say {
        title: "This link is not good any more",
        text: "It was used, has expired, or was replaced by a newer one.",
    },
    ask_again: "Ask for a new link",
    ask_there: "If you still need it, ask for a new one in the application that you sign in to.",
    new_password: "New password",
    email: "Email",
    not_yet: "Not yet: ",
    look_below: "Something is not right yet; see below.",
};

static JAPANESE: Words = Words {
    verify: Ask {
        say: Say {
            title: "メールアドレスの確認",
            text: "メールをお送りしたアドレスがご本人のものであることを、下のボタンで確認してください。",
        },
        button: "アドレスを確認する",
    },
    verified: Say {
        title: "メールアドレスを確認しました",
        text: "ありがとうございます。このページは閉じてかまいません。",
    },
    confirm: Ask {
        say: Say {
            title: "新しいメールアドレスの確認",
            text: "下のボタンを押すと、アカウントのアドレスが、このメールをお送りしたアドレスに変わります。以後のサインインには\
                   新しいアドレスをお使いください。変更は以前のアドレスにもお知らせします。",
        },
        button: "新しいアドレスを使う",
    },
    moved: Say {
        title: "メールアドレスを変更しました",
        text: "これからは新しいアドレスでサインインしてください。このページは閉じてかまいません。",
    },
    taken: Say {
        title: "このアドレスは使用されています",
        text: "このアドレスは、すでに別のアカウントで使用されています。お客様のアカウントのアドレスは変わっていません。",
    },
    not_me: Ask {
        say: Say {
            title: "お心当たりがありませんか",
            text: "メールでお知らせしたサインインにお心当たりがない場合は、下のボタンを押してください。ご自分のものを含む\
                   すべてのサインインがただちに終了し、新しいパスワードを設定できます。",
        },
        button: "自分ではありません",
    },
    ended: Say {
        title: "そのサインインを終了しました",
        text: "メールの送信後にアカウントのアドレスが変更されているため、ここではパスワードを変更できません。現在のアドレスで\
               パスワードの再設定をお申し込みください。",
    },
    ended_and_reset: Say {
        title: "すべてのサインインを終了しました",
        text: "サインインした人はパスワードを知っており、ふたたびサインインできます。いますぐ新しいパスワードを設定してください。",
    },
    ended_after_change: Say {
        title: "すべてのサインインを終了しました",
        text: "メールの送信後にパスワードが変更されています。変更にもお心当たりがない場合は、新しいパスワードを設定するための\
               リンクをお申し込みください。",
    },
    reset: Ask {
        say: Say {
            title: "新しいパスワードの設定",
            text: "設定すると、アカウントのサインインはすべて終了します。新しいパスワードでサインインしてください。",
        },
        button: "パスワードを設定する",
    },
    was_reset: Say {
        title: "パスワードを設定しました",
        text: "アカウントのサインインはすべて終了しました。新しいパスワードでサインインしてください。このページは閉じてかまいません。",
    },
    forgot: Ask {
        say: Say {
            title: "パスワードをお忘れの場合",
            text: "アカウントのメールアドレスを入力してください。新しいパスワードを設定するためのリンクをお送りします。",
        },
        button: "リンクを送る",
    },
    sent: Say {
        title: "メールをご確認ください",
        text: "このアドレスのアカウントがある場合は、リンクを記載したメールをお送りします。リンクの有効期間は短時間です。届かない\
               場合は、迷惑メールのフォルダーと、入力したアドレスをご確認ください。",
    },
    closed: Say {
        title: "このリンクは使えません",
        text: "使用済みか、有効期限が切れているか、新しいリンクが発行されています。",
    },
    ask_again: "新しいリンクを申し込む",
    ask_there: "まだ必要な場合は、サインイン先のアプリケーションから改めてお申し込みください。",
    new_password: "新しいパスワード",
    email: "メールアドレス",
    not_yet: "未完了:",
    look_below: "まだ正しくないところがあります。下をご覧ください。",
};

/// What a new password must be, in one sentence.
pub(super) fn hint(language: Language, policy: &PasswordPolicy) -> String {
    let (min, max) = (policy.min, policy.max);
    let kinds: Vec<&str> = policy
        .require
        .iter()
        .map(|class| kind(language, *class))
        .collect();
    match (language, kinds.is_empty()) {
        (Language::English, true) => format!("{min} to {max} characters of any kind."),
        (Language::English, false) => {
            format!("{min} to {max} characters, with {}.", kinds.join(", "))
        }
        (Language::Japanese, true) => format!("{min}〜{max}文字(文字の種類は自由です)。"),
        (Language::Japanese, false) => {
            format!(
                "{min}〜{max}文字。{}をそれぞれ含めてください。",
                kinds.join("、")
            )
        }
    }
}

fn kind(language: Language, class: CharacterClass) -> &'static str {
    match (language, class) {
        (Language::English, CharacterClass::Upper) => "an upper-case letter",
        (Language::English, CharacterClass::Lower) => "a lower-case letter",
        (Language::English, CharacterClass::Digit) => "a digit",
        (Language::English, CharacterClass::Special) => "a special character",
        (Language::Japanese, CharacterClass::Upper) => "英大文字",
        (Language::Japanese, CharacterClass::Lower) => "英小文字",
        (Language::Japanese, CharacterClass::Digit) => "数字",
        (Language::Japanese, CharacterClass::Special) => "記号",
    }
}

/// A mistake in the reader's language; one that has no words there is told in English.
pub(super) fn mistake(language: Language, error: &FieldError) -> Cow<'_, str> {
    let japanese = match error.code {
        "too_short" => "短すぎます。",
        "too_long" => "長すぎます。",
        "missing_upper" => "英大文字が含まれていません。",
        "missing_lower" => "英小文字が含まれていません。",
        "missing_digit" => "数字が含まれていません。",
        "missing_special" => "記号が含まれていません。",
        "common" => "推測されやすいパスワード、またはそれに近いパスワードです。",
        "contains_context" => "お名前やアドレスなど、他の人が知っている言葉が含まれています。",
        "required" => "入力してください。",
        "invalid_email" | "mixed_scripts" => "メールアドレスの形式が正しくありません。",
        _ => return Cow::Borrowed(error.message.as_ref()),
    };
    match language {
        Language::English => Cow::Borrowed(error.message.as_ref()),
        Language::Japanese => Cow::Borrowed(japanese),
    }
}
