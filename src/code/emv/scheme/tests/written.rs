//! What is written is what is read.

use proptest::prelude::*;

use super::*;
use crate::code::emv::write as write_code;

/// Every typed account that a template can be read as, written again.
fn rewritten(template: &Template) -> Vec<Template> {
    [
        Pix::read(template).map(Pix::write),
        PayNow::read(template).map(PayNow::write),
        Sgqr::read(template).map(Sgqr::write),
        PromptPay::read(template).map(PromptPay::write),
        ThaiBill::read(template).map(ThaiBill::write),
        Khqr::read(template).map(Khqr::write),
        VietQr::read(template).map(VietQr::write),
        QrisIssuer::read(template).map(QrisIssuer::write),
        QrisNational::read(template).map(QrisNational::write),
        DuitNow::read(template).map(DuitNow::write),
        QrPhMerchant::read(template).map(QrPhMerchant::write),
        QrPhPerson::read(template).map(QrPhPerson::write),
        BharatUpi::read(template).map(BharatUpi::write),
        BharatAccount::read(template).map(BharatAccount::write),
        HkFps::read(template).map(HkFps::write),
        Twqr::read(template).map(Twqr::write),
        Jpqr::read(template).map(Jpqr::write),
        LankaQr::read(template).map(LankaQr::write),
        NepalPay::read(template).map(NepalPay::write),
        Fonepay::read(template).map(Fonepay::write),
        MercadoPago::read(template).map(MercadoPago::write),
        Transferencia::read(template).map(Transferencia::write),
        International::read(template).map(International::write),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn an_account_that_is_read_and_written_is_the_same() {
    for vector in valid() {
        for template in parse(&vector.payload).unwrap().fields.merchant_accounts {
            for again in rewritten(&template) {
                assert_eq!(again, template, "{}", vector.payload);
            }
        }
    }
}

/// A code of a shop, with these accounts.
pub(super) fn shop(country: &str, currency: &str, accounts: Vec<Template>) -> Fields {
    Fields {
        payload_format_indicator: "01".to_owned(),
        point_of_initiation: Some("11".to_owned()),
        merchant_accounts: accounts,
        mcc: Some("5812".to_owned()),
        currency: Some(currency.to_owned()),
        country: Some(country.to_owned()),
        merchant_name: Some("LAO WANG".to_owned()),
        merchant_city: Some("BEIJING".to_owned()),
        ..Fields::default()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the fields of accounts are optional"
)]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

type Row = (&'static str, &'static str, &'static str, Vec<Template>);

/// Shops of East and South-East Asia.
fn shops_of_east_asia() -> Vec<Row> {
    let paynow = PayNow {
        proxy_type: some("2"),
        proxy: some("201509555BNN1"),
        editable: some("0"),
        expires: some("20301231"),
        ..PayNow::new("26", "SG.PAYNOW")
    };
    let promptpay = PromptPay {
        mobile: some("0066812345678"),
        ..PromptPay::new("29", "A000000677010111")
    };
    let bill = ThaiBill {
        biller: some("099400016550100"),
        reference: some("1"),
        ..ThaiBill::new("30", "A000000677010112")
    };
    let khqr = Khqr {
        bank: some("Dev Bank"),
        ..Khqr::new("29", "wang@devb")
    };
    let vietqr = VietQr {
        service: some("QRIBFTTA"),
        ..VietQr::new("38", "A000000727")
    };
    let vietqr = vietqr.paying("970416", "257678859").unwrap();
    let qris = QrisIssuer {
        mpan: some("936008980266352075"),
        criteria: some("UMI"),
        ..QrisIssuer::new("26", "ID.CO.TELKOM.WWW")
    };
    let national = QrisNational {
        nmid: some("ID1021125405972"),
        ..QrisNational::new("51", "ID.CO.QRIS.WWW")
    };
    let duitnow = DuitNow {
        acquirer: some("603346"),
        number: some("MD1"),
        ..DuitNow::new("26", "A0000006150001")
    };
    let qrph = QrPhMerchant {
        bic: some("GXCHPHM2XXX"),
        merchant: some("21"),
        ..QrPhMerchant::new("28", "ph.ppmi.p2m")
    };
    let person = QrPhPerson {
        bic: some("BNORPHMMXXX"),
        service: some("99964403"),
        account: some("5267270022100867"),
        ..QrPhPerson::new("27", "com.p2pqrpay")
    };
    let hkfps = HkFps {
        number: some("6000509"),
        ..HkFps::new("26", "hk.com.hkicl")
    };
    let jpqr = Jpqr {
        company: some("0000000000001"),
        branch: some("0001"),
        store: some("000001"),
        till: some("000001"),
        ..Jpqr::new("26", "jp.or.paymentsjapan")
    };
    let twqr = Twqr {
        value: some("V1158Ac5CJ9NjpN1W00,00600626309800100190010002"),
        ..Twqr::new("35", "tw.com.twqrp")
    };
    vec![
        ("paynow", "SG", "702", vec![paynow.write()]),
        ("promptpay", "TH", "764", vec![promptpay.write()]),
        ("thai-bill", "TH", "764", vec![bill.write()]),
        ("khqr", "KH", "116", vec![khqr.write()]),
        ("vietqr", "VN", "704", vec![vietqr.write()]),
        ("qris", "ID", "360", vec![qris.write(), national.write()]),
        ("duitnow", "MY", "458", vec![duitnow.write()]),
        ("qrph", "PH", "608", vec![qrph.write()]),
        ("qrph", "PH", "608", vec![person.write()]),
        ("hkfps", "HK", "344", vec![hkfps.write()]),
        ("twqr", "TW", "901", vec![twqr.write()]),
        ("jpqr", "JP", "392", vec![jpqr.write()]),
    ]
}

/// Shops of other parts of the world.
fn shops_elsewhere() -> Vec<Row> {
    let pix = Pix {
        key: some("11222333000181"),
        ..Pix::new("26", "br.gov.bcb.pix")
    };
    let charge = Pix {
        location: some("pix.example.com/qr/v2/1"),
        ..Pix::new("26", "br.gov.bcb.pix")
    };
    let bank = BharatAccount {
        ifsc: "HDFC0000001".to_owned(),
        number: "50100012345678".to_owned(),
    };
    let upi = BharatUpi {
        address: some("wang@hdfcbank"),
        ..BharatUpi::new("26", "A000000524")
    };
    let lanka = LankaQr::new("26", "1672800058120000000010000005");
    let nepal = NepalPay::new("29", "NCHL0000170117012UVSTIR");
    let company = Transferencia::new("50", "20162475860");
    let account = Transferencia {
        number: some("0000068000000002222956"),
        ..Transferencia::new("51", "com.mercadopago")
    };
    let fonepay = Fonepay {
        merchant: some("2222030016446549"),
        ..Fonepay::new("26", "fonepay.com")
    };
    let mercado = MercadoPago {
        version: some("1"),
        user: some("519253179"),
        ..MercadoPago::new("43", "com.mercadolibre")
    };
    let card = International {
        object: "15".to_owned(),
        acquirer: "25000344".to_owned(),
        forwarding: "00020344".to_owned(),
        merchant: "473398443761123".to_owned(),
    };
    vec![
        ("pix", "BR", "986", vec![pix.write()]),
        ("pix", "BR", "986", vec![charge.write()]),
        ("bharatqr", "IN", "356", vec![bank.write(), upi.write()]),
        ("lankaqr", "LK", "144", vec![lanka.write()]),
        ("nepalpay", "NP", "524", vec![nepal.write()]),
        ("fonepay", "NP", "524", vec![fonepay.write()]),
        ("mercadopago", "UY", "858", vec![mercado.write()]),
        (
            "transferencias3-ar",
            "AR",
            "032",
            vec![company.write(), account.write()],
        ),
        ("unionpay", "CN", "156", vec![card.write()]),
    ]
}

#[test]
fn what_a_shop_writes_is_read_under_its_scheme() {
    for (scheme, country, currency, accounts) in
        shops_of_east_asia().into_iter().chain(shops_elsewhere())
    {
        let fields = shop(country, currency, accounts);
        let read = parse(&write_code(&fields).unwrap()).unwrap();
        assert_eq!(read.scheme, scheme);
        assert_eq!(read.fields.merchant_accounts, fields.merchant_accounts);
        let view = read.view();
        assert_eq!(
            (view.payees.len(), view.doubts),
            (fields.merchant_accounts.len(), vec![])
        );
    }
}

/// What a template is read as, written, printed and read again.
fn printed<T>(account: &T, write: fn(T) -> Template, read: fn(&Template) -> Option<T>) -> Option<T>
where
    T: Clone,
{
    let fields = shop("CN", "156", vec![write(account.clone())]);
    let payload = parse(&write_code(&fields).unwrap()).unwrap();
    let [template] = payload.fields.merchant_accounts.as_slice() else {
        panic!("{:?}", payload.fields);
    };
    read(template)
}

/// Gives each of these types the same values and expects them back.
macro_rules! come_back {
    ($object:expr, $guid:expr, $values:expr, $($account:ident { $($field:ident)* })+) => {$({
        let mut _values = $values.iter().cloned();
        let mut account = $account::new($object, $guid);
        $(account.$field = _values.next();)*
        account.others.extend([("60".to_owned(), "x".to_owned())]);
        let again = printed(&account, $account::write, $account::read);
        prop_assert_eq!(again, Some(account));
    })+};
}

proptest! {
    #[test]
    fn any_account_that_is_written_is_read_as_it_was(
        object in 26_u8..=51, guid in "[!-~]{2,8}",
        values in prop::collection::vec("[ -~]{1,6}|[0-9]{1,6}|\\PC{1,3}", 8),
    ) {
        come_back!(&object.to_string(), &guid, values,
            Pix { key note withdrawal location }
            PayNow { proxy_type proxy editable expires reference }
            Sgqr { number version postal_code level unit place date }
            PromptPay { mobile national_id wallet account one_time }
            ThaiBill { biller reference second_reference }
            Khqr { number bank }
            VietQr { nested service }
            QrisIssuer { mpan merchant criteria }
            QrisNational { nmid criteria }
            DuitNow { acquirer number }
            QrPhMerchant { bic merchant account flags }
            QrPhPerson { bic service wallet account mobile }
            BharatUpi { address minimum }
            HkFps { clearing number mobile email expires }
            Twqr { value }
            Jpqr { company branch store till }
            LankaQr { }
            NepalPay { }
            Fonepay { merchant }
            MercadoPago { version user sponsor }
            Transferencia { number });
    }

    #[test]
    fn any_account_in_one_value_is_read_as_it_was(
        ifsc in "[0-9A-Z]{11}", number in "[0-9]{1,20}", bank in "[0-9]{6}", id in "[0-9]{1,9}",
        [acquirer, forwarding] in ["[0-9]{8}", "[0-9]{8}"], merchant in "[0-9A-Z]{15}", object in 15_u8..=16,
    ) {
        let account = BharatAccount { ifsc, number };
        let again = printed(&account, BharatAccount::write, BharatAccount::read);
        prop_assert_eq!(again, Some(account));
        let object = object.to_string();
        let card = International { object, acquirer, forwarding, merchant };
        let again = printed(&card, International::write, International::read);
        prop_assert_eq!(again, Some(card));
        let vietqr = VietQr::new("38", "A000000727").paying(&bank, &id).unwrap();
        prop_assert_eq!(vietqr.beneficiary(), Some((bank, id)));
    }
}
